/** A moment as milliseconds since 1970-01-01T00:00:00Z. Pure code gets it as an argument and never reads a clock. */
export type Instant = number;

let lastTime = { text: '', at: Number.NaN };
/** RFC 3339 in whole seconds, as Kubernetes writes metav1.Time. One instant is asked for many times in a row. */
export function toTime(instant: Instant): string {
  const at = Math.floor(instant / 1000) * 1000;
  if (at !== lastTime.at) lastTime = { text: new Date(at).toISOString().replace('.000Z', 'Z'), at };
  return lastTime.text;
}

/** RFC 3339 with six digits, as Kubernetes writes metav1.MicroTime. */
export function toMicroTime(instant: Instant): string {
  const whole = Math.floor(instant);
  const micros = Math.floor((instant - whole) * 1000);
  return new Date(whole).toISOString().replace(/Z$/, `${String(micros).padStart(3, '0')}Z`);
}

let lastEventTime = { text: '', at: Number.NaN };
/** RFC 3339 with milliseconds, as an event's time is written. */
export function toEventTime(instant: Instant): string {
  const at = Math.floor(instant);
  if (at !== lastEventTime.at) lastEventTime = { text: new Date(at).toISOString(), at };
  return lastEventTime.text;
}

let second = { text: '', at: Number.NaN };
/** The instant of an event's time. Those of one second come together, so its date is read once. */
export function fromEventTime(text: string): Instant {
  if (!text.startsWith(second.text) || second.text === '') {
    const whole = text.slice(0, 19);
    second = { text: whole, at: Date.parse(`${whole}Z`) };
  }
  return second.at + Number.parseInt(text.slice(20, 23));
}

/** The instant of an RFC 3339 text, or undefined when it is none. */
export function parseInstant(text: string | undefined | null): Instant | undefined {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
