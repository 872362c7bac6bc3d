// What a day with the diary does not need, and loaded once all else is there: the first script is what it needs.
// Each has the name of its address, or of how the session stands.

export { Ended as ended } from "./ended.js";
export { Entry as entry } from "./entry.js";
export { History as history } from "./history.js";
export { Move as move } from "./move.js";
export { SignOut as out } from "./out.js";
export { Parked as parked } from "./parked.js";
export { ChangePin as pin } from "./pin.js";
export { Reports as reports } from "./reports.js";
export { Settings as settings } from "./settings.js";
export { TakeUp as cleared } from "./take_up.js";
export { Welcome as none } from "./welcome.js";
