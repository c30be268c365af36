/** Which family a text is an address of; undefined when it is none. Addresses are read as strictly as Go does. */
export function ipFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  if (isIPv4(text)) return 'IPv4';
  return isIPv6(text) ? 'IPv6' : undefined;
}

/** Which family a text is an address range of; undefined when it is none. */
export function cidrFamily(text: string): 'IPv4' | 'IPv6' | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const family = ipFamily(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (family === undefined || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  return Number(bits) <= (family === 'IPv4' ? 32 : 128) ? family : undefined;
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}
function isIPv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  let count = 0;
  for (const [i, half] of groups.entries()) {
    for (const [j, group] of half.entries()) {
      const isLast = i === groups.length - 1 && j === half.length - 1;
      if (isLast && group.includes('.')) {
        if (!isIPv4(group)) return false;
        count += 2;
      } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) count++;
      else return false;
    }
  }
  return halves.length === 2 ? count < 8 : count === 8;
}

/** A range whose address has bits of a host: it may be meant as a range or as that host. */
export function ambiguousCidr(text: string): string | undefined {
  const [address = '', bits = ''] = text.split('/');
  if (cidrFamily(text) !== 'IPv4') return undefined;
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const base = Math.floor(value / size) * size;
  if (base === value) return undefined;
  const plain = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
  return `CIDR value "${text}" is ambiguous in this context (should be "${plain}/${bits}" or "${address}/32"?)`;
}
