/** A scheme, and whatever stands before the last `@`: of a login that is written wrongly nothing is shown either. */
const LOGIN = /^([^:/?]+:\/\/)(.*)@/s;

/**
 * A log's setting as it may be printed: of a URL its scheme, hosts and ports, without user, password and options. Whatever
 * prints a setting or an error about it prints this.
 */
export function eventLogName(spec: string): string {
  if (!spec.includes('://')) return spec;
  return /^[^:]+:\/\/[^/?]*/.exec(spec.replace(LOGIN, '$1'))?.[0] ?? 'an event store';
}

/** Takes what is secret in a log's URL out of a text that another library wrote. */
export function scrubber(url: string): (text: string) => string {
  const login = LOGIN.exec(url)?.[2] ?? '';
  const password = login.slice(login.indexOf(':') + 1);
  // The library ends a login at the first `@`.
  const forms = [login, password, ...password.split('@'), ...login.split('@')];
  const secrets = [...forms, ...forms.map(decoded), ...forms.map((form) => base64(decoded(form)))]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}

function base64(text: string): string {
  return text === '' ? '' : Buffer.from(text).toString('base64');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
