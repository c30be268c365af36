/** Addresses that are read today and will not be one day: numbers with leading zeros. */
export function warnOfIp(field: string, ip: string): readonly string[] {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip)?.slice(1);
  if (!parts) return [];
  const plain = parts.map(Number).join('.');
  if (plain === ip) return [];
  return [
    `${field}: non-standard IP address "${ip}" will be considered invalid in a future Kubernetes release: use "${plain}"`,
  ];
}
