import { Fault } from '#std';

/** One line for whoever watches the process. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What went wrong, in words for people: a Fault's sentence, anything else with where it happened. */
export function explain(cause: unknown): string {
  if (cause instanceof Fault) return cause.message;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** Ends the process: it can no longer trust what it would do next. */
export function stopBecause(cause: unknown): never {
  process.stderr.write(`shiplog stops: ${explain(cause)}\n`);
  process.exit(1);
}
