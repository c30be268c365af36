/** The user and the password that an `esdb:` URL may carry; a password may hold any character but `@`. */
const USER = /^([^:]+:\/\/)([^@]*)@/;

/** Where the log is: hosts and ports, without user, password and options. */
export function withoutPassword(url: string): string {
  const bare = url.replace(USER, '$1');
  return /^[^:]+:\/\/[^/?]*/.exec(bare)?.[0] ?? 'an esdb:// address';
}

/** Takes what is secret in the URL out of a text that another library wrote. */
export function scrubber(url: string): (text: string) => string {
  const login = USER.exec(url)?.[2] ?? '';
  const [, ...rest] = login.split(':');
  const password = rest.join(':');
  const secrets = [login, password, decoded(password), Buffer.from(decoded(login)).toString('base64')]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
