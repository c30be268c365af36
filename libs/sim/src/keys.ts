import type { Keys } from '#ports';

/** Sealing in the simulation: neither clear nor base64, which is what the checkers look for, and the same in every run. */
export const simulatedKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: (uid, version, clear) => `${uid}.${version}:${Buffer.from(clear).toString('hex')}`,
  open: (uid, sealed) => {
    const at = sealed.indexOf(':');
    return sealed.startsWith(`${uid}.`) ? Buffer.from(sealed.slice(at + 1), 'hex').toString() : undefined;
  },
};
