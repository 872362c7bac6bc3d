// Whether this phone is in a training room: told by the subject number alone, so that it is known
// without network and behind the screen lock. No real site's numbers begin with XX.

let isOn = false;

/** Note who is at this phone; her subject number, or null. */
export function noteWhose(participant) {
  isOn = /^XX/.test(participant || "");
}

/** Tell whether everything here is practice: then nothing is dialled. */
export function isTraining() {
  return isOn;
}
