import type { Keys } from '#ports';

/** Sealing in the simulation: unreadable enough for the checkers to find clear text, and the same in every run. */
export const simulatedKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: (uid, clear) => `${uid}:${Buffer.from(clear).toString('base64')}`,
  open: (uid, sealed) => {
    const at = sealed.indexOf(':');
    return sealed.slice(0, at) === uid ? Buffer.from(sealed.slice(at + 1), 'base64').toString() : undefined;
  },
};
