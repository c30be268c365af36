import type { Keys } from '#ports';
import { Fault } from '#std';

/** Sealing in the simulation: neither clear nor base64, which is what the checkers look for, and the same in every run. */
export const simulatedKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: (uid, version, clear) => `${uid}.${version}:${Buffer.from(clear).toString('hex')}`,
  open: (uid, sealed) => {
    const at = sealed.indexOf(':');
    return sealed.startsWith(`${uid}.`) ? Buffer.from(sealed.slice(at + 1), 'hex').toString() : undefined;
  },
};

/** A process without keys, as the apps outside of `api` and `health` are: it sees Secrets as if they were shredded. */
export const noKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: () => {
    throw new Fault('this process has no keys and appends nothing', false);
  },
  open: () => undefined,
};
