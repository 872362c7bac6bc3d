// What kind of browser this is, as far as the way in depends on it.

const agent = navigator.userAgent;

/** WeChat's own browser: it keeps nothing for long and cannot be put on the home screen. */
export const isWeChat = /MicroMessenger/i.test(agent);

/** An iPhone or iPad, also one that says it is a Mac. */
export const isApple = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);

/** Started from the home screen, as an app of its own. */
export const isInstalled = window.matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
