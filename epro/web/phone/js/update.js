// The app's own renewal. A new shell waits until the app is started with no form open in any tab;
// it never takes over in the middle of one. The server can also switch the keeping off.

const WORKER = "/p/sw.js";
const FORM_LOCK = "epro-form:";

/** Return the name a form's lock has: while a tab holds it, nothing is renewed. */
export function lockOf(key) {
  return FORM_LOCK + key;
}

/**
 * Bring the shell up to date while nothing is shown yet; `isFilling` says that a form was touched
 * not long ago. Resolves to whether the page is about to be loaded again with the new one.
 */
export async function renew(isFilling) {
  if (!navigator.serviceWorker || isFilling) return false;
  const registration = await navigator.serviceWorker.getRegistration("/p/");
  if (!registration || !registration.waiting || (await isFormOpen())) return false;
  const taken = new Promise((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    setTimeout(resolve, 1500);
  });
  registration.waiting.postMessage("take-over");
  await taken;
  const isNew = !registration.waiting;
  if (isNew) location.reload();
  return isNew;
}

/** Keep the app for use without network, or give it up when the server says so. */
export async function keepOrGiveUp() {
  if (!navigator.serviceWorker) return;
  try {
    const answer = await fetch("/p/state.json", { cache: "no-store" });
    if (answer.ok && !(await answer.json()).offline) return void (await giveUp());
    const address = scriptAddress(WORKER);
    const registration = await navigator.serviceWorker.register(address, { scope: "/p/", updateViaCache: "none" });
    await registration.update();
  } catch {
    // No network: what is kept stays as it is.
  }
}

async function giveUp() {
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    await registration.unregister();
  }
  for (const name of await caches.keys()) {
    if (name.startsWith("phone-")) await caches.delete(name);
  }
}

async function isFormOpen() {
  if (!navigator.locks) return false;
  const { held } = await navigator.locks.query();
  return held.some((one) => one.name.startsWith(FORM_LOCK));
}

/** The page's policy lets only this name become a worker's address. */
function scriptAddress(path) {
  if (!window.trustedTypes) return path;
  const policy = window.trustedTypes.createPolicy("sw", {
    createScriptURL: (asked) => {
      if (asked !== WORKER) throw new TypeError(asked);
      return asked;
    },
  });
  return policy.createScriptURL(path);
}
