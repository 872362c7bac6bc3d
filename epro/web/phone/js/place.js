// Where the app's own files lie, as the page says: under the name of the shell that it came with.

const { dataset } = document.getElementById("app");

/** The folder of this shell. */
export const base = dataset.base;

/** The name of this shell, a hash over all of it. */
export const version = dataset.version;
