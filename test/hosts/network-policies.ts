import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { until } from '../support/test-cluster.js';
import type { Asker } from './asker.js';

/**
 * Pods `web-host-1` to `-3` with a label `at` on nodes of these names, `published` on host-1, and `visitor` in a namespace with the
 * label `team=x` on host-3. Services are led in user space on host-2.
 */
export interface PolicedCluster {
  readonly api: () => ApiClient;
  readonly asker: Asker;
  readonly addressOf: (pod: string) => string;
  /** All rules of the packet filter of a host. */
  readonly rules: (host: string) => Promise<string>;
  /** Port of the servers; its name is `who`. */
  readonly port: number;
  readonly nodes: readonly string[];
}

const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
const SERVICES = '/api/v1/namespaces/default/services';
const CLIENTS = ['published', 'visitor', 'web-host-2', 'web-host-3'];
/** In user space, a service hides its clients behind their node: rules that name pods do not know them. */
const HIDDEN = 'web-host-2';
const at = (host: string): object => ({ podSelector: { matchLabels: { at: host } } });

/** NetworkPolicies on real containers: on one node, and between nodes by routes and VXLAN. */
export function networkPolicyTests({ api, asker, addressOf, rules, port, nodes }: PolicedCluster): void {
  let clusterIp = '';
  let isThere = false;
  const apply = async (spec: object): Promise<void> => {
    const body = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'tested' }, spec };
    const path = isThere ? `${POLICIES}/tested` : POLICIES;
    const { status } = await api().call(isThere ? 'PUT' : 'POST', path, { body });
    expect(status).toBe(isThere ? 200 : 201);
    isThere = true;
  };
  const remove = async (): Promise<void> => {
    if (isThere) await api().call('DELETE', `${POLICIES}/tested`);
    isThere = false;
  };
  const direct = (pod: string): string => `${addressOf(pod)}:${port}`;
  const answers = async (from: string, targets: readonly string[]): Promise<readonly boolean[]> =>
    (await asker.each(from, targets)).map((said) => said.startsWith('web-'));
  /** Which clients reach web-host-1, by its own address and through its service alike. */
  const reaching = async (): Promise<string> => {
    const one = async (from: string): Promise<string> => {
      const [isDirect, isServed = isDirect] = await answers(from, [
        direct('web-host-1'),
        ...(from === HIDDEN ? [] : [`${clusterIp}:80`]),
      ]);
      if (isDirect !== isServed) return `${from} ${isDirect ? 'but not through the service' : 'through the service'}`;
      return isDirect ? from : '';
    };
    return (await Promise.all(CLIENTS.map(one))).filter((from) => from !== '').join(', ');
  };
  const reachedBy = async (...clients: readonly string[]): Promise<void> => {
    const wanted = clients.join(', ');
    await until(`web-host-1 is reached by: ${wanted}`, reaching, (now) => now === wanted);
  };
  const reaches = async (from: string, targets: readonly string[], wanted: readonly boolean[]): Promise<void> => {
    const isWanted = (seen: readonly boolean[]): boolean => seen.join() === wanted.join();
    await until(`${from} reaches of ${targets.join()}: ${wanted.join()}`, () => answers(from, targets), isWanted);
  };
  const ingress = (...all: readonly object[]): object => ({ ...at('host-1'), ingress: all });
  const egress = (...all: readonly object[]): object => ({ ...at('host-2'), policyTypes: ['Egress'], egress: all });

  describe('network policies', () => {
    beforeAll(async () => {
      const spec = { selector: { at: 'host-1' }, ports: [{ port: 80, targetPort: port }] };
      const { status } = await api().call('POST', SERVICES, {
        body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'one' }, spec },
      });
      expect(status).toBe(201);
      clusterIp = (await api().get(`${SERVICES}/one`)).json<{ readonly spec: { readonly clusterIP: string } }>().spec
        .clusterIP;
    });
    afterAll(remove);

    it('let in whom a rule names, on one node and between nodes, by address and through a service', async () => {
      await reachedBy(...CLIENTS);
      await apply(ingress());
      await reachedBy();
      // Its node and itself always reach it, and it reaches others.
      await reaches('host-1', [direct('web-host-1')], [true]);
      const others = [direct('web-host-1'), `${clusterIp}:80`, direct('web-host-3')];
      await reaches('web-host-1', others, [true, true, true]);
      await apply(ingress({ from: [at('host-2')] }));
      await reachedBy('web-host-2');
      await apply(ingress({ from: [at('host-3'), { namespaceSelector: { matchLabels: { team: 'x' } } }] }));
      await reachedBy('visitor', 'web-host-3');
      await apply(ingress({ from: [{ podSelector: {} }] }));
      await reachedBy('published', 'web-host-2', 'web-host-3');
    }, 180_000);

    it('let in blocks of addresses without their exceptions, at ports by name and range', async () => {
      const third = addressOf('web-host-3').replace(/\d+$/, '0/24');
      const block = { cidr: third.replace(/\d+\.0\/24$/, '0.0/16'), except: [third] };
      await apply(ingress({ from: [{ ipBlock: block }], ports: [{ port: 'who' }] }));
      await reachedBy('published', 'web-host-2');
      const wrong = [{ port: 1, endPort: port - 1 }, { protocol: 'UDP' }, { port, protocol: 'SCTP' }];
      await apply(ingress({ ports: wrong }));
      await reachedBy();
      await apply(ingress({ ports: [{ port: 1, endPort: port }] }));
      await reachedBy(...CLIENTS);
    }, 180_000);

    it('let out to whom a rule names, at the port that the pod calls so; others still reach the pod', async () => {
      const others = [direct('web-host-1'), direct('web-host-3')];
      await apply(egress());
      await reaches('web-host-2', others, [false, false]);
      await reaches('web-host-1', [direct('web-host-2')], [true]);
      await apply(egress({ to: [at('host-3')], ports: [{ port: 'who' }] }));
      await reaches('web-host-2', others, [false, true]);
      await apply(egress({ ports: [{ port: 'who' }] }));
      await reaches('web-host-2', others, [true, true]);
    }, 180_000);

    it('leave no rule behind', async () => {
      const ruled = async (): Promise<readonly string[]> => {
        const all = await Promise.all(nodes.map(rules));
        return nodes.filter((_, i) => all[i]?.includes('table ip shiplogpol'));
      };
      expect(await ruled()).toEqual([HIDDEN.replace('web-', '')]);
      await remove();
      await until('no node has rules', ruled, (names) => names.length === 0);
      await reachedBy(...CLIENTS);
    }, 120_000);
  });
}
