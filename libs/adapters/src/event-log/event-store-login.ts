/** A login on the event store. */
export interface EventStoreLogin {
  readonly username: string;
  readonly password: string;
}

/** Adds the login to an `esdb:` URL. The result is a secret: it must not be printed. */
export function withLogin(url: string, { username, password }: EventStoreLogin): string {
  return url.replace('://', () => `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}
