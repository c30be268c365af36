import { SCHEDULES } from './key-schedule.js';
import type { MasterKeys } from './master-keys.js';
import type { ObjectSealer } from './object-sealer.js';
import type { RotatingKey } from './rotating-key.js';

/** A master key is needless once no object's key is wrapped by it. `onBroken` receives objects whose key no master key opens. */
export function rotatingMaster(
  masters: MasterKeys,
  sealer: ObjectSealer,
  onBroken: (objectUid: string) => void,
): RotatingKey {
  return {
    schedule: SCHEDULES.master,
    holdMs: 0,
    get generations() {
      return masters.generations;
    },
    refresh: () => masters.refresh(),
    add: async (generation) => void masters.add(generation),
    neededUntil: () => undefined,
    isNeedless: async () => (await sealer.rewrap(onBroken)) === 0,
    drop: (number) => masters.drop(number),
  };
}
