import type { Pod } from '#pod';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { Column } from './picture/node-table.js';
import type { Shape } from './shape.js';
import { topologyRules, type DomainRule } from './topology.js';
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
    if (this.hasConflict(index)) return Verdict.portTaken;
    if (this.isNowhere) return Verdict.tooSmall;
    let room: number =
      (nodes.taken[index] as number) + 1 > (nodes.slots[index] as number) ? Verdict.noRoom : Verdict.fits;
    for (const [{ allocatable, used }, amount] of this.columns) {
      const capacity = allocatable[index] as number;
      if (amount <= capacity - (used[index] as number)) continue;
      if (amount > capacity) return Verdict.tooSmall;
      room = Verdict.noRoom;
    }
    return room;
  }

  /** The same for all nodes: every node passes here for every pod, so these are plain loops over arrays. */
  fill(verdicts: Uint8Array): void {
    const { nodes } = this.picture;
    const { length } = verdicts;
    verdicts.set(this.verdicts.subarray(0, length));
    if (this.shape.needs.ports.length > 0)
      for (let i = 0; i < length; i++)
        if (verdicts[i] === Verdict.fits && this.hasConflict(i)) verdicts[i] = Verdict.portTaken;
    if (this.isNowhere) {
      for (let i = 0; i < length; i++) if (verdicts[i] === Verdict.fits) verdicts[i] = Verdict.tooSmall;
      return;
    }
    const { taken, slots } = nodes;
    for (let i = 0; i < length; i++)
      if ((taken[i] as number) + 1 > (slots[i] as number) && verdicts[i] === Verdict.fits) verdicts[i] = Verdict.noRoom;
    for (const [{ allocatable, used }, amount] of this.columns) {
      for (let i = 0; i < length; i++) {
        const capacity = allocatable[i] as number;
        if (amount <= capacity - (used[i] as number)) continue;
        const verdict = verdicts[i];
        if (verdict === Verdict.fits || verdict === Verdict.noRoom)
          verdicts[i] = amount > capacity ? Verdict.tooSmall : Verdict.noRoom;
      }
    }
  }

  private hasConflict(index: number): boolean {
    const { nodes } = this.picture;
    const { ports } = this.shape.needs;
    const row = ports.length > 0 ? nodes.rows[index] : undefined;
    return row !== undefined && row.withPorts.size > 0 && nodes.hasConflict(row, ports);
  }
}

/** Says of nodes whether a pod fits there, as the picture is now. */
export class Fit {
  private readonly room: Room;
  private readonly rules: readonly DomainRule[];

  constructor(
    pod: Pod,
    shape: Shape,
    private readonly picture: ClusterPicture,
  ) {
    this.room = new Room(pod, shape, picture);
    this.rules = topologyRules(pod, shape, picture);
  }

  /** The first filter that rejects the node. */
  at(index: number): number {
    let verdict = this.room.at(index);
    for (const { of, bad, missing } of this.rules) {
      if (verdict !== Verdict.fits) return verdict;
      const domain = of[index] as number;
      verdict = domain < 0 ? missing : (bad[domain] as number);
    }
    return verdict;
  }
  fill(verdicts: Uint8Array): void {
    this.picture.steps.taken += verdicts.length * (1 + this.rules.length);
    this.room.fill(verdicts);
    for (const { of, bad, missing } of this.rules) {
      for (let i = 0; i < verdicts.length; i++) {
        if (verdicts[i] !== Verdict.fits) continue;
        const domain = of[i] as number;
        verdicts[i] = domain < 0 ? missing : (bad[domain] as number);
      }
    }
  }
}
