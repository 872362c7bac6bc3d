// What the phone keeps: IndexedDB, one transaction for what belongs together, written through to
// the disk before it counts as saved. Where a browser keeps nothing (private windows), the same
// things live in memory until the page is closed, and the app says so.
//
// Stores: meta (named facts), draft (forms being filled in), outbox (what is not delivered yet),
// sent (what was, for the history), form (definitions, for use without network).

const NAME = "epro-phone";
const VERSION = 1;
const STORES = { meta: null, draft: "key", outbox: "key", sent: "id", form: "key" };

let database = null;
let memory = null;

/** Storage refused what had to be kept: the disk is full, or the browser took it away. */
export class StorageFull extends Error {}

/**
 * Open what is kept; return "kept", or "blocked" where only memory is left. With `isPassing` nothing
 * is to be kept, and what lies on the disk is not touched.
 */
export async function open({ isPassing = false } = {}) {
  try {
    if (isPassing) throw new Error("passing");
    database = await opened();
    database.onversionchange = () => database.close();
    await change(["meta"], (kept) => kept.put("meta", true, "probe"));
    return "kept";
  } catch {
    database = null;
    memory = new Map(Object.keys(STORES).map((name) => [name, new Map()]));
    return "blocked";
  }
}

/** Return one value, or undefined. */
export function get(store, key) {
  return look([store], (kept) => kept.get(store, key));
}

/** Return all values of a store, in the order of their keys. */
export function all(store) {
  return look([store], (kept) => kept.all(store));
}

/** Keep one value; `key` only for meta. */
export function put(store, value, key) {
  return change([store], (kept) => kept.put(store, value, key));
}

/** Remove one value. */
export function remove(store, key) {
  return change([store], (kept) => kept.remove(store, key));
}

/**
 * Do several things at once: all are kept or none. `work` gets {get, all, put, remove} and may wait
 * for nothing else. Resolves when it is on the disk. Throws StorageFull.
 */
export async function change(stores, work) {
  if (memory) return work(inMemory());
  return inTransaction(stores, "readwrite", work);
}

function look(stores, work) {
  if (memory) return work(inMemory());
  return inTransaction(stores, "readonly", work);
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        request.result.createObjectStore(name, keyPath ? { keyPath } : undefined);
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

async function inTransaction(stores, mode, work) {
  const transaction = begun(stores, mode);
  const finished = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(refusal(transaction.error));
    transaction.onabort = () => reject(refusal(transaction.error));
  });
  finished.catch(() => {}); // heard below; a failing `work` is told first
  let result;
  try {
    result = await work(over(transaction));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It has ended by itself.
    }
    throw refusal(error);
  }
  await finished;
  return result;
}

function begun(stores, mode) {
  try {
    return database.transaction(stores, mode, { durability: "strict" });
  } catch (error) {
    if (error.name !== "TypeError") throw error;
    return database.transaction(stores, mode);
  }
}

function over(transaction) {
  const asked = (name, method, ...values) =>
    new Promise((resolve, reject) => {
      const request = transaction.objectStore(name)[method](...values);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  return {
    get: (name, key) => asked(name, "get", key),
    all: (name) => asked(name, "getAll"),
    put: (name, value, key) => (STORES[name] ? asked(name, "put", value) : asked(name, "put", value, key)),
    remove: (name, key) => asked(name, "delete", key),
  };
}

function inMemory() {
  const copy = (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value)));
  const sorted = (name) => [...memory.get(name).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    get: async (name, key) => copy(memory.get(name).get(key)),
    all: async (name) => sorted(name).map(([, value]) => copy(value)),
    put: async (name, value, key) => memory.get(name).set(STORES[name] ? value[STORES[name]] : key, copy(value)),
    remove: async (name, key) => memory.get(name).delete(key),
  };
}

function refusal(error) {
  return error && error.name === "QuotaExceededError" ? new StorageFull() : error;
}
