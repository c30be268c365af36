import { forbidden, invalid, notSupported, required } from '#meta';
import { jsonEquals } from '#std';
import type { Problems } from '../../validation/checks.js';
import { validateFlowConditions } from '../validate-conditions.js';
import { MANDATORY_LEVELS } from './mandatory.js';
import type { PriorityLevelConfiguration, PriorityLevelConfigurationSpec } from './schema.js';

const EXEMPT = 'exempt';
const QUEUES_MAX = 10_000_000;
const ENTROPY_BITS_MAX = 60;
type Limited = NonNullable<PriorityLevelConfigurationSpec['limited']>;
type Queuing = NonNullable<NonNullable<Limited['limitResponse']>['queuing']>;

export function validatePriorityLevel({ metadata: { name }, spec }: PriorityLevelConfiguration): Problems {
  return [...specProblems(name, spec), ...mandatoryProblems(name, spec)];
}

export function validatePriorityLevelStatus({ status }: PriorityLevelConfiguration): Problems {
  return validateFlowConditions(status?.conditions);
}

function specProblems(name: string, { type, limited, exempt }: PriorityLevelConfigurationSpec): Problems {
  const isMisnamed = (name === EXEMPT) !== (type === 'Exempt') && ['Exempt', 'Limited'].includes(type);
  const misnamed = isMisnamed ? [invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'")] : [];
  switch (type) {
    case 'Exempt':
      return [
        ...misnamed,
        ...(limited ? [forbidden('spec.limited', 'must be nil if the type is not Limited')] : []),
        ...shareProblems('spec.exempt', exempt ?? {}),
      ];
    case 'Limited':
      return [
        ...misnamed,
        ...(exempt ? [forbidden('spec.exempt', 'must be nil if the type is Limited')] : []),
        ...(limited
          ? limitedProblems('spec.limited', limited)
          : [required('spec.limited', 'must not be empty when type is Limited')]),
      ];
    default:
      return [notSupported('spec.type', type, ['Exempt', 'Limited'])];
  }
}

function shareProblems(
  field: string,
  { nominalConcurrencyShares: shares = 0, lendablePercent: lendable = 0 }: Limited,
): Problems {
  return [
    ...(shares < 0 ? [invalid(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer')] : []),
    ...(lendable < 0 || lendable > 100
      ? [invalid(`${field}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive')]
      : []),
  ];
}

function limitedProblems(field: string, limited: Limited): Problems {
  const { limitResponse, borrowingLimitPercent: borrowing = 0 } = limited;
  const queuing = limitResponse?.queuing;
  const place = `${field}.limitResponse`;
  const shares = shareProblems(field, limited);
  return [
    ...shares.filter((problem) => problem.field.endsWith('Shares')),
    ...responseProblems(place, limitResponse?.type ?? '', queuing),
    ...shares.filter((problem) => problem.field.endsWith('Percent')),
    ...(borrowing < 0
      ? [invalid(`${field}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer')]
      : []),
  ];
}

function responseProblems(field: string, type: string, queuing: Queuing | undefined): Problems {
  switch (type) {
    case 'Reject':
      return queuing ? [forbidden(`${field}.queuing`, 'must be nil if limited.limitResponse.type is not Limited')] : [];
    case 'Queue':
      return queuing
        ? queuingProblems(`${field}.queuing`, queuing)
        : [required(`${field}.queuing`, 'must not be empty if limited.limitResponse.type is Limited')];
    default:
      return [notSupported(`${field}.type`, type, ['Queue', 'Reject'])];
  }
}

function queuingProblems(field: string, { queues = 0, handSize = 0, queueLengthLimit = 0 }: Queuing): Problems {
  const queueField = `${field}.queues`;
  const handField = `${field}.handSize`;
  return [
    ...(queueLengthLimit <= 0 ? [invalid(`${field}.queueLengthLimit`, queueLengthLimit, 'must be positive')] : []),
    ...(queues <= 0 ? [invalid(queueField, queues, 'must be positive')] : []),
    ...(queues > QUEUES_MAX ? [invalid(queueField, queues, `must not be greater than ${QUEUES_MAX}`)] : []),
    ...handProblems(handField, handSize, queues),
  ];
}

function handProblems(field: string, handSize: number, queues: number): Problems {
  if (handSize <= 0) return [invalid(field, handSize, 'must be positive')];
  if (handSize > queues) return [invalid(field, handSize, `should not be greater than queues (${queues})`)];
  if (entropyBits(queues, handSize) <= ENTROPY_BITS_MAX) return [];
  const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${ENTROPY_BITS_MAX}`;
  return [invalid(field, handSize, detail)];
}

/** Bits that dealing so many cards of a deck consumes, rounded up; what is beyond the limit need not be exact. */
function entropyBits(deckSize: number, handSize: number): number {
  let bits = 0;
  for (let dealt = 0; dealt < handSize && bits <= ENTROPY_BITS_MAX; dealt++) bits += Math.log2(deckSize - dealt);
  return Math.ceil(bits);
}

/** Two levels are as they are: of `exempt` only the seats may change. */
function mandatoryProblems(name: string, spec: PriorityLevelConfigurationSpec): Problems {
  const fixed = MANDATORY_LEVELS.get(name);
  if (fixed === undefined) return [];
  const { exempt, ...rest } = spec;
  const { exempt: fixedExempt, ...fixedRest } = fixed;
  const isExempt = name === EXEMPT;
  if (jsonEquals(rest, fixedRest) && (isExempt || jsonEquals(exempt ?? null, fixedExempt ?? null))) return [];
  const detail = isExempt
    ? `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`
    : `spec of '${name}' must equal the fixed value`;
  return [invalid('spec', goSpec(spec), detail)];
}

/** A spec as the genuine server prints it: its own Go structure. */
function goSpec({ type, limited, exempt }: PriorityLevelConfigurationSpec): unknown {
  const queuing = limited?.limitResponse?.queuing;
  return {
    Type: type,
    Limited: limited
      ? {
          NominalConcurrencyShares: limited.nominalConcurrencyShares ?? 0,
          LimitResponse: {
            Type: limited.limitResponse?.type ?? '',
            Queuing: queuing
              ? {
                  Queues: queuing.queues ?? 0,
                  HandSize: queuing.handSize ?? 0,
                  QueueLengthLimit: queuing.queueLengthLimit ?? 0,
                }
              : null,
          },
          LendablePercent: limited.lendablePercent ?? null,
          BorrowingLimitPercent: limited.borrowingLimitPercent ?? null,
        }
      : null,
    Exempt: exempt
      ? {
          NominalConcurrencyShares: exempt.nominalConcurrencyShares ?? null,
          LendablePercent: exempt.lendablePercent ?? null,
        }
      : null,
  };
}
