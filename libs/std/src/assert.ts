/** A bug in Shiplog itself: the process stops, because what it would do next cannot be trusted. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** Holds what must be true; a failure is a {@link Bug}. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** The end of an exhaustive switch: compiles only when every case was handled. */
export function unreachable(value: never, what = 'case'): never {
  throw new Bug(`unexpected ${what}: ${JSON.stringify(value)}`);
}

/** Something outside failed: the disk, the bus, the engine. `retryable` says whether trying again may help. */
export class Fault extends Error {
  override readonly name: string = 'Fault';
  constructor(
    message: string,
    readonly retryable: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
