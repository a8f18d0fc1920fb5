/** The package is not fit for release; the message is for whoever releases it. */
export class CheckFailed extends Error {}

export function demand(truth, message) {
  if (!truth) throw new CheckFailed(message);
}
