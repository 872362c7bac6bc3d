// What the phone keeps: IndexedDB, one transaction for what belongs together, written through to
// the disk before it counts as saved. Where a browser keeps nothing (private windows), the same
// things live in memory until the page is closed, and the app says so. When the disk is full, memory
// goes on where it stopped, and each change tries to write down all that the disk has missed.
//
// Stores: meta (named facts), draft (forms being filled in), outbox (what is not delivered yet),
// sent (what was, for the history), form (definitions, for use without network).

const NAME = "epro-phone";
const VERSION = 1;
const STORES = { meta: null, draft: "key", outbox: "key", sent: "id", form: "key" };

// Storage cleared under the open app, or, in Safari, taken from one that was out of sight: opened anew it goes on.
const LOST = new Set(["InvalidStateError", "UnknownError", "AbortError"]);

let database = null;
let memory = null;
let missed = new Map(); // what the disk has missed, the last of each value: {store, key, value}
let turn = Promise.resolve(); // one after the other: who looks later never sees what was before
let told = () => {};

/**
 * Open what is kept; return "kept", "full", or "blocked" where only memory is left. With `isPassing` nothing
 * is to be kept, and what lies on the disk is not touched. `tell` hears "full" when the disk takes no
 * more, and "kept" once it has everything again.
 */
export async function open({ isPassing, tell }) {
  told = tell;
  try {
    if (isPassing) throw new Error("passing");
    database = await opened();
    await change(["meta"], (kept) => kept.put("meta", true, "probe"));
    return memory ? "full" : "kept";
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
 * Do several things at once: all are kept or none. `work` gets {get, all, put, remove}, may wait for
 * nothing else, and is done again in memory when the disk is full. Resolves when it is on the disk,
 * as long as that takes it.
 */
export function change(stores, work) {
  return inTurn(() => changed(stores, work));
}

function inTurn(work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

async function changed(stores, work) {
  if (!memory) {
    try {
      return await inTransaction(stores, "readwrite", work);
    } catch (error) {
      if (!isFull(error)) throw error;
      memory = await everything();
      told("full");
    }
  }
  const result = await work(inMemory());
  if (database) await catchUp();
  return result;
}

/** Write down what the disk has missed, and leave memory when all of it is there. */
async function catchUp() {
  try {
    await inTransaction(Object.keys(STORES), "readwrite", async (disk) => {
      for (const { store, key, value } of missed.values()) {
        await (value === undefined ? disk.remove(store, key) : disk.put(store, value, key));
      }
    });
  } catch (error) {
    if (!isFull(error)) throw error;
    return;
  }
  missed = new Map();
  memory = null;
  told("kept");
}

function isFull(error) {
  return Boolean(error) && error.name === "QuotaExceededError";
}

function everything() {
  return inTransaction(Object.keys(STORES), "readonly", async (kept) => {
    const found = new Map();
    for (const name of Object.keys(STORES)) {
      const [keys, values] = [await kept.keys(name), await kept.all(name)];
      found.set(name, new Map(keys.map((key, at) => [key, values[at]])));
    }
    return found;
  });
}

function look(stores, work) {
  return inTurn(() => (memory ? work(inMemory()) : inTransaction(stores, "readonly", work)));
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        request.result.createObjectStore(name, keyPath ? { keyPath } : undefined);
      }
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

async function inTransaction(stores, mode, work) {
  try {
    return await transacted(stores, mode, work);
  } catch (error) {
    if (!error || !LOST.has(error.name)) throw error;
    database.close();
    database = await opened();
    return transacted(stores, mode, work);
  }
}

async function transacted(stores, mode, work) {
  const transaction = begun(stores, mode);
  const finished = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
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
    throw error;
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
    keys: (name) => asked(name, "getAllKeys"),
    put: (name, value, key) => (STORES[name] ? asked(name, "put", value) : asked(name, "put", value, key)),
    remove: (name, key) => asked(name, "delete", key),
  };
}

function inMemory() {
  const copy = (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value)));
  const sorted = (name) => [...memory.get(name).entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const set = (store, key, value) => {
    if (value === undefined) memory.get(store).delete(key);
    else memory.get(store).set(key, value);
    missed.set(`${store} ${key}`, { store, key, value });
  };
  return {
    get: async (name, key) => copy(memory.get(name).get(key)),
    all: async (name) => sorted(name).map(([, value]) => copy(value)),
    put: async (name, value, key) => set(name, STORES[name] ? value[STORES[name]] : key, copy(value)),
    remove: async (name, key) => set(name, key, undefined),
  };
}
