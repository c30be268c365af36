import { namespaces, networkPolicies } from '#kinds';
import { networkPolicy } from '#loops';
import { kindRef, PEER_GROUPS, streamOf, type AssignedObject, type Change, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';

const pods = kindRef<Pod>('core.pods');

/**
 * The pods that NetworkPolicies name as peers, for all nodes: lists of addresses under the ids of their groups, and nothing of the
 * policies or of the pods. A pod that changes is told of as one slice of each group that it is in.
 */
export class PolicyPeers {
  private readonly groups: networkPolicy.PeerGroups;
  private readonly slices = new Map<string, AssignedObject>();

  constructor(view: View) {
    this.groups = new networkPolicy.PeerGroups({
      namespaces: () => view.list(namespaces),
      pods: (namespace) => view.list(pods, namespace),
    });
    for (const policy of view.list(networkPolicies))
      this.groups.putPolicy(policy.metadata.namespace ?? '', policy.metadata.name, policy);
    this.changes(view.position);
  }

  all(): readonly AssignedObject[] {
    return [...this.slices.values()];
  }
  /** Effective with the next {@link changes}. */
  take({ kind, before, after }: Change): void {
    const { namespace = '', name = '' } = (after ?? before)?.metadata ?? {};
    if (kind === pods.id) this.groups.putPod(namespace, name, after as Pod | undefined);
    else if (kind === namespaces.id) this.groups.putNamespace(name, after as never);
    else if (kind === networkPolicies.id) this.groups.putPolicy(namespace, name, after as never);
  }
  /** Policies, by stream, whose peers do not all fit into the budget of their namespace, and what to say; each once. */
  refused(): readonly (readonly [stream: string, problem: Error])[] {
    return this.groups.overfull().map(({ namespace, name, policies }) => {
      const which = policies > 1 ? `this policy and ${policies - 1} more name` : 'this policy names';
      const problem = new Error(
        `the peers of the NetworkPolicies of namespace ${namespace} cost more than ${networkPolicy.PEERS_MAX} members: ${which} ` +
          'peers that are not let through until the policies there have fewer different selectors, or narrower ones',
      );
      return [streamOf(networkPolicies.id, namespace, name), problem] as const;
    });
  }
  /** What has to be told, as of a position of the log. */
  changes(position: number): readonly AssignedObject[] {
    return this.groups.changes().map(({ group, slice, members }) => {
      const stream = streamOf(PEER_GROUPS, group, slice);
      const told = { stream, uid: group, position, object: members ? sliceOf(group, slice, members) : null };
      if (members) this.slices.set(stream, told);
      else this.slices.delete(stream);
      return told;
    });
  }
}

function sliceOf(group: string, slice: string, members: readonly string[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PolicyPeers',
    metadata: { name: slice, namespace: group, uid: group },
    members,
  } as unknown as KubeObject;
}
