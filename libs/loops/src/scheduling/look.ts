import type { Pod } from '#pod';
import type { Guard } from './budgets.js';
import type { Nominations } from './nominated.js';
import type { ClusterPicture } from './picture/cluster-picture.js';

/** What one look decides on. */
export interface Look {
  readonly picture: ClusterPicture;
  readonly nominations: Nominations;
  readonly guard: () => Guard;
  /** What a pod needs and no node can give it. */
  readonly lacks: (pod: Pod) => string | undefined;
}
