import { f, int32, named, object, objectMeta, req, string, type Infer } from '#model';
import type { Stored } from '#model';
import { conditionedStatus, FLOW_CONTROL } from '../status.schema.js';

const queuing = object(`${FLOW_CONTROL}.QueuingConfiguration`, 'How requests wait that have no seat yet.', {
  queues: f(int32, 1, 'Number of queues, 64 by default.', { default: 0, fill: 64 }),
  handSize: f(int32, 2, 'Number of queues that one flow may be put in, 8 by default.', { default: 0, fill: 8 }),
  queueLengthLimit: f(int32, 3, 'Requests that may wait in one queue, 50 by default.', { default: 0, fill: 50 }),
});
const limitResponse = object(`${FLOW_CONTROL}.LimitResponse`, 'What becomes of requests that have no seat yet.', {
  type: req(named('v1.LimitResponseType'), 1, 'Queue or Reject.'),
  queuing: f(queuing, 2, 'The queues, for type Queue only.'),
});
const limited = object(
  `${FLOW_CONTROL}.LimitedPriorityLevelConfiguration`,
  'How many requests of this level are served at once.',
  {
    nominalConcurrencyShares: f(int32, 1, "This level's shares of the server's seats, 30 by default.", {
      ...{ pointer: true, fill: 30 },
    }),
    limitResponse: f(limitResponse, 2, 'What becomes of the requests beyond.', { always: {} }),
    lendablePercent: f(int32, 3, 'Part of its seats that other levels may borrow, in percent.', {
      ...{ pointer: true, fill: 0 },
    }),
    borrowingLimitPercent: f(int32, 4, 'Seats that it may borrow, in percent of its own. Absent: no limit.', {
      pointer: true,
    }),
  },
);
const exempt = object(
  `${FLOW_CONTROL}.ExemptPriorityLevelConfiguration`,
  'Seats that a level has although its requests never wait.',
  {
    nominalConcurrencyShares: f(int32, 1, "This level's shares of the server's seats.", { pointer: true, fill: 0 }),
    lendablePercent: f(int32, 2, 'Part of its seats that other levels may borrow, in percent.', {
      ...{ pointer: true, fill: 0 },
    }),
  },
);
const spec = object(`${FLOW_CONTROL}.PriorityLevelConfigurationSpec`, 'The limit of a priority level.', {
  type: req(named('v1.PriorityLevelEnablement'), 1, 'Limited, or Exempt from every limit.'),
  limited: f(limited, 2, 'The limit, for type Limited only.'),
  exempt: f(exempt, 3, 'The seats, for type Exempt only.'),
});
export type PriorityLevelConfigurationSpec = Infer<typeof spec>;

export const priorityLevelConfiguration = object(
  `${FLOW_CONTROL}.PriorityLevelConfiguration`,
  'A priority level of requests to the API server.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(spec, 2, 'The limit of the level.', { always: {} }),
    status: f(conditionedStatus('PriorityLevelConfiguration'), 3, 'Observed state.', { always: {} }),
  },
  { gvk: ['flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration'] },
);
export type PriorityLevelConfiguration = Stored<typeof priorityLevelConfiguration, 'spec'>;
