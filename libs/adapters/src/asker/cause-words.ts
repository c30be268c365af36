/** Certificates that cannot be trusted, by the codes of OpenSSL. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why a server could not be asked, in the words of Go's client, which people search for. */
export function causeWords(cause: unknown, to: { host?: string | null; port?: unknown } = {}): string {
  const { code, message } = cause as { readonly code?: string; readonly message?: string };
  const at = `dial tcp ${to.host?.includes(':') ? `[${to.host}]` : to.host}:${String(to.port)}`;
  if (code === 'ECONNREFUSED') return `${at}: connect: connection refused`;
  if (code === 'EHOSTUNREACH') return `${at}: connect: no route to host`;
  if (code === 'ENETUNREACH') return `${at}: connect: network is unreachable`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${to.host}: no such host`;
  if (code === 'ECONNRESET') return 'EOF';
  const verify = 'tls: failed to verify certificate: x509:';
  if (code !== undefined && UNTRUSTED.has(code)) return `${verify} certificate signed by unknown authority`;
  if (code === 'CERT_HAS_EXPIRED') return `${verify} certificate has expired or is not yet valid`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${verify} certificate is not valid for the name: ${message ?? ''}`;
  return message ?? String(cause);
}
