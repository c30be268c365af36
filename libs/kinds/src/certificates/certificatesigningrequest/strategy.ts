import { updateSubresource, type KubeObject, type Strategy, type StrategyContext } from '#model';
import { toTime } from '#std';
import { decideStatus } from './issue.js';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from './schema.js';
import { APPROVED, DENIED } from './states.js';
import { validateChange, validateNew } from './validate.js';

type Conditions = readonly CertificateSigningRequestCondition[];

export const certificateSigningRequestStrategy: Strategy<CertificateSigningRequest> = {
  // Kubernetes does not care what they are called.
  name: () => [],
  // A body without a spec is told all that it lacks.
  applyDefaults: (object) => ({ ...object, spec: (object.spec as typeof object.spec | undefined) ?? NOTHING_ASKED }),
  prepareCreate: (object, { command }) => ({ ...object, spec: byRequester(object.spec, command.actor), status: {} }),
  prepareUpdate: (object, old) => ({ ...object, spec: old.spec }),
  prepareStatus: (object, old, { now }) => {
    const { conditions, ...status } = object.status ?? {};
    const kept = [APPROVED, DENIED].reduce<Conditions>(
      (list, type) => withInstancesOf(type, list, old.status?.conditions ?? []),
      conditions ?? [],
    );
    return { ...object, status: { ...status, ...dated(kept, old, now) } };
  },
  validate: validateNew,
  validateUpdate: (object, old) => validateChange(object, old, { approval: false, certificate: false }),
  validateStatus: (object, old) => validateChange(object, old, { approval: false, certificate: true }),
  unowned: {
    '': [['spec'], ['status']],
    status: [['spec']],
    approval: [['spec'], ['status', 'certificate']],
  },
  subresources: {
    status: decideStatus,
    approval: (request) =>
      updateSubresource(request, {
        prepare: (object, old) => approved(object, old as CertificateSigningRequest, request),
        validate: (object, old) =>
          validateChange(object as CertificateSigningRequest, old as CertificateSigningRequest, {
            approval: true,
            certificate: false,
          }),
      }),
  },
};

const NOTHING_ASKED = {} as CertificateSigningRequest['spec'];

/** Who asks is what authentication found out, whatever the object says. */
function byRequester(
  spec: CertificateSigningRequest['spec'],
  { name, uid, groups, extra }: StrategyContext['command']['actor'],
): CertificateSigningRequest['spec'] {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...asked } = spec;
  return {
    ...asked,
    username: name,
    ...(uid !== undefined && uid !== '' && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra && Object.keys(extra).length > 0 && { extra }),
  };
}

/** An approval changes conditions and nothing else. */
function approved(object: KubeObject, old: CertificateSigningRequest, { now }: StrategyContext): KubeObject {
  const { conditions: _before, ...status } = old.status ?? {};
  const { conditions = [] } = (object as CertificateSigningRequest).status ?? {};
  return { ...old, metadata: object.metadata, status: { ...status, ...dated(conditions, old, now) } };
}

/** Conditions with the times that nobody wrote. */
function dated(conditions: Conditions, old: CertificateSigningRequest, now: number): { conditions?: Conditions } {
  if (conditions.length === 0) return {};
  const at = toTime(now);
  return {
    conditions: conditions.map((condition) => {
      const before = old.status?.conditions?.find(
        ({ type, status, lastTransitionTime }) =>
          type === condition.type && status === condition.status && Boolean(lastTransitionTime),
      );
      const { lastUpdateTime, lastTransitionTime } = condition as Partial<CertificateSigningRequestCondition>;
      return {
        ...condition,
        lastUpdateTime: lastUpdateTime || at,
        lastTransitionTime: lastTransitionTime || (before?.lastTransitionTime ?? at),
      };
    }),
  };
}

/** A list with its conditions of a type as they were before, unless there are more or fewer of them. */
function withInstancesOf(type: string, list: Conditions, before: Conditions): Conditions {
  const old = before.filter((condition) => condition.type === type);
  if (list.filter((condition) => condition.type === type).length !== old.length) return list;
  let i = 0;
  return list.map((condition) => (condition.type === type ? (old[i++] ?? condition) : condition));
}
