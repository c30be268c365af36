import type { Keys } from '#ports';
import { Fault } from '#std';

/** Of a process without keys: it sees Secrets empty, as if shredded. Loops look only at their names. */
export const noKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: () => {
    throw new Fault('this process has no keys and appends nothing', false);
  },
  open: () => undefined,
};
