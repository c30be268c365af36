const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 of bytes. The platform's own (`btoa`) goes by way of a text of one letter a byte, in pieces. */
export function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit < 4; digit++) {
      out += i + digit > bytes.length ? '=' : ALPHABET.charAt((group >> (18 - 6 * digit)) & 0x3f);
    }
  }
  return out;
}

export function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/[^A-Za-z0-9+/]/g, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  for (let i = 0, at = 0; i < digits.length; i++) {
    group = ((group << 6) | ALPHABET.indexOf(digits.charAt(i))) & 0xffffff;
    if (i % 4 !== 0) bytes[at++] = (group >> (6 - 2 * (i % 4))) & 0xff;
  }
  return bytes;
}
