import { endpointSlices, pods } from '#kinds';
import { parseStream } from '#model';
import { type Pod } from '#pod';
import type { EventChecker } from './checker.js';

const LOOP = 'endpoint-slice';

/** A slice lists as ready only pods that were ready in the view on which that was decided. */
export function onlyTheReadyAreListed(): EventChecker {
  /** From which position on each pod was ready or not, by uid. */
  const turns = new Map<string, { readonly position: number; readonly isReady: boolean }[]>();
  const wasReady = (uid: string, position: number): boolean =>
    turns.get(uid)?.findLast((turn) => turn.position <= position)?.isReady ?? false;
  return {
    name: 'slices list the ready pods',
    check(event, before, after) {
      const { kind, namespace, name } = parseStream(event.stream);
      if (kind === pods.id) {
        const now = after.get(pods, namespace, name);
        const was = before.get(pods, namespace, name);
        for (const { uid } of [was?.metadata, now?.metadata].filter((one) => one !== undefined)) {
          const isReady = now?.metadata.uid === uid && takesRequests(now);
          const list = turns.get(uid) ?? [];
          if (list.at(-1)?.isReady !== isReady) turns.set(uid, [...list, { position: event.position, isReady }]);
        }
      }
      const { basis } = event.metadata;
      if (kind !== endpointSlices.id || basis?.loop !== LOOP) return undefined;
      const listed = (after.get(endpointSlices, namespace, name)?.endpoints ?? []).filter(
        ({ conditions }) => conditions?.ready,
      );
      const wrong = listed.filter(({ targetRef }) => !wasReady(targetRef?.uid ?? '', basis.view));
      return wrong.length === 0
        ? undefined
        : `${event.stream} lists ${wrong.map(({ targetRef }) => targetRef?.name).join(', ')}, not ready at ${basis.view}`;
    },
  };
}

function takesRequests({ metadata, status }: Pod): boolean {
  const conditions = (status?.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && metadata.deletionTimestamp === undefined;
}
