import { readGivenSecret, type EventStoreLogin, type NatsCredentials } from '#adapters';
import type { ControlPlane } from '#engine';
import { Fault, isJsonObject } from '#std';

const LOOK_MS = 5000;
const READ_MS = 1000;

/** The credentials of a process without the key store: what its file says, which may be replaced at any time. */
export class GivenCredentials implements NatsCredentials {
  private newest: NatsCredentials;
  private readAt = performance.now();

  constructor(private readonly path: string) {
    this.newest = readCredentials(path);
  }

  get url(): string {
    return this.newest.url;
  }
  get inbox(): string {
    return this.newest.inbox;
  }
  /** This and the JWT are asked at each connection: they are read again. A file that is just being replaced is left alone. */
  get ca(): string {
    this.read();
    return this.newest.ca;
  }
  get jwt(): string {
    this.read();
    return this.newest.jwt;
  }
  get seed(): string {
    return this.newest.seed;
  }

  /** Each look of a loop asks for the CA. */
  private read(): void {
    if (performance.now() - this.readAt < READ_MS) return;
    this.readAt = performance.now();
    try {
      this.newest = readCredentials(this.path);
    } catch {
      // What was read last stays in use.
    }
  }
}

/** Loops that publish CAs look again when one has changed, whichever process changed it. `read` gives their PEM texts. */
export function followAuthorities(plane: ControlPlane, read: () => string): void {
  let known = read();
  const look = (): void => {
    const ca = read();
    if (ca !== known) plane.lookAgain();
    known = ca;
    plane.options.clock.after(LOOK_MS, look);
  };
  plane.options.clock.after(LOOK_MS, look);
}

/** A client's credentials as standalone and `shiplog setup` write them. */
export function readCredentials(path: string): NatsCredentials {
  const text = textsOf(path, 'bus credentials', 'SHIPLOG_CREDENTIALS');
  return { url: text('url'), ca: text('ca'), jwt: text('jwt'), seed: text('seed'), inbox: text('inbox') };
}

/** A login on the event store as `shiplog setup` writes it. */
export function readLogin(path: string): EventStoreLogin {
  const text = textsOf(path, 'login on the event store', 'SHIPLOG_EVENT_LOG_LOGIN');
  return { username: text('username'), password: text('password') };
}

/** Reads texts out of a file of JSON; the errors name the file and the setting, never what it holds. */
function textsOf(path: string, what: string, setting: string): (key: string) => string {
  const value = parsed(readSecret(path, `The ${what} in ${path} cannot be read: name the right file with ${setting}.`));
  return (key) => {
    const part = isJsonObject(value) ? value[key] : undefined;
    if (typeof part === 'string') return part;
    throw new Fault(`The ${what} in ${path} lacks "${key}": have it made again by "shiplog setup".`, false);
  };
}

function readSecret(path: string, problem: string): string {
  try {
    return readGivenSecret(path);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault(problem, false, { cause });
  }
}

/** V8's own error would quote the text, which is a secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
