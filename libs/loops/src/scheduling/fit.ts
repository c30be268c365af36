import type { Pod } from '#kinds';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { Column } from './picture/node-table.js';
import type { Shape } from './shape.js';
import { topologyRules, type TopologyRules } from './topology.js';
import { Verdict } from './verdict.js';

/** Whether nodes have the room for a pod and take it, for all that is not about other pods' labels. */
export class Room {
  private readonly verdicts: Uint8Array;
  private readonly columns: readonly (readonly [Column, number])[];
  /** It asks for something that no node has. */
  private readonly isNowhere: boolean;

  constructor(
    pod: Pod,
    private readonly shape: Shape,
    private readonly picture: ClusterPicture,
  ) {
    const { nodes } = picture;
    this.verdicts = nodes.matches.of(pod).verdicts;
    const { requests } = shape.needs;
    this.columns = requests.flatMap(([resource, amount]) => {
      const column = nodes.columns.get(resource);
      return column ? [[column, amount] as const] : [];
    });
    this.isNowhere = this.columns.length < requests.length;
  }

  at(index: number): number {
    const verdict = this.verdicts[index] as number;
    if (verdict !== Verdict.fits) return verdict;
    const { nodes } = this.picture;
    const { ports } = this.shape.needs;
    if (ports.length > 0) {
      const row = nodes.rows[index];
      if (row && row.withPorts.size > 0 && nodes.hasConflict(row, ports)) return Verdict.portTaken;
    }
    return this.amountsAt(index);
  }

  private amountsAt(index: number): number {
    const { taken, slots } = this.picture.nodes;
    if (this.isNowhere) return Verdict.tooSmall;
    let verdict: number = Verdict.fits;
    if ((taken[index] as number) + 1 > (slots[index] as number)) verdict = Verdict.noRoom;
    for (const [{ allocatable, used }, amount] of this.columns) {
      const capacity = allocatable[index] as number;
      if (amount <= capacity - (used[index] as number)) continue;
      if (amount > capacity) return Verdict.tooSmall;
      verdict = Verdict.noRoom;
    }
    return verdict;
  }
}

/** Says of every node whether a pod fits there, as the picture is now. */
export class Fit {
  private readonly room: Room;
  private readonly rules: TopologyRules | undefined;

  constructor(pod: Pod, shape: Shape, picture: ClusterPicture) {
    this.room = new Room(pod, shape, picture);
    this.rules = topologyRules(pod, shape, picture);
  }

  /** The first filter that rejects the node. */
  at(index: number): number {
    const verdict = this.room.at(index);
    return verdict === Verdict.fits && this.rules ? this.rules(index) : verdict;
  }
}
