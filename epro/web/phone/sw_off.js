// Served in place of the worker when keeping the app on phones was switched off: it removes what an
// earlier one kept, and itself. Drafts and unsent records are not its own, and stay.

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("phone-")))
      .then((kept) => Promise.all(kept.map((name) => caches.delete(name))))
      .then(() => self.registration.unregister()),
  );
});
