import type { Pod } from '#pod';

/** More changed pods than this are taken for a change of everything. */
const PODS_MAX = 4096;

/** What has changed since the last look, so far as it may help a pod for which there was no place. */
export class Cures {
  /** Names of nodes that changed, or whose pods did. */
  readonly nodes = new Set<string>();
  /** Pods that are counted since, or are counted no more. */
  readonly pods: Pod[] = [];
  isEverything = false;
  isTopology = false;

  touch(node: string): void {
    this.nodes.add(node);
  }
  /** A pod was counted, or is counted no more. */
  touchPod(node: string, pod: Pod): void {
    this.nodes.add(node);
    if (this.pods.length < PODS_MAX) this.pods.push(pod);
    else this.isEverything = true;
  }
  /** Nodes have other labels, or there are others. */
  touchTopology(): void {
    this.isTopology = true;
  }
  touchAll(): void {
    this.isEverything = true;
  }
  clear(): void {
    this.nodes.clear();
    this.pods.length = 0;
    this.isEverything = false;
    this.isTopology = false;
  }
}
