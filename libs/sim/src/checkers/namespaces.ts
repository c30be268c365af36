import { namespaces, registry } from '#kinds';
import { CREATED, DELETED, parseStream } from '#model';
import type { EventChecker } from './checker.js';

/** A namespace goes last: nothing is left in it, and nothing is created in one that does not exist. */
export const namespacesGoLast: EventChecker = {
  name: 'a namespace goes last',
  check(event, _before, after) {
    const { kind, namespace, name } = parseStream(event.stream);
    if (event.type === DELETED && kind === namespaces.id) {
      const left = registry
        .at(after)
        .all.filter(({ ref, names }) => names.namespaced && after.list(ref, name).length > 0);
      return left.length > 0
        ? `namespace ${name} was deleted with ${left.map(({ id }) => id).join(', ')} in it`
        : undefined;
    }
    if (event.type !== CREATED || namespace === undefined) return undefined;
    return after.get(namespaces, undefined, namespace)
      ? undefined
      : `${event.stream} was created in a namespace that does not exist`;
  },
};
