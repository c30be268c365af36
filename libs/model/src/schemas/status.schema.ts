import { boolean, f, type Infer, int32, int64, list, named, object, string } from '../schema/index.js';
import { listMeta } from './meta.schema.js';

export const statusCause = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause',
  'One thing that was wrong with a request.',
  {
    reason: f(string, 1, 'What is wrong, for programs.'),
    message: f(string, 2, 'What is wrong, for people.'),
    field: f(string, 3, 'Path of the field that it is about, where there is one.'),
  },
);

export const statusDetails = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails',
  'More about an answer that is no object.',
  {
    name: f(string, 1, 'Name of the object that the answer is about.'),
    group: f(string, 2, 'API group of the object that the answer is about.'),
    kind: f(string, 3, 'Kind or resource that the answer is about.'),
    uid: f(named('types.UID'), 6, 'UID of the object that the answer is about.'),
    causes: f(list(statusCause), 4, 'Everything that was found wrong.', { listType: 'atomic' }),
    retryAfterSeconds: f(int32, 5, 'Seconds to wait before asking again.'),
  },
);

export const status = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
  'An answer that is no object: an error, or a bare success.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(listMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    status: f(string, 2, 'Success or Failure.'),
    message: f(string, 3, 'What happened, for people.'),
    reason: f(string, 4, 'What happened, for programs; one CamelCase word.'),
    details: f(statusDetails, 5, 'More about the reason; which fields depends on it.'),
    code: f(int32, 6, 'HTTP status code of the answer.'),
  },
  { gvk: ['v1 Status'] },
);
export type Status = Infer<typeof status>;

export const preconditions = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions',
  'What must be true of an object for the request to be carried out.',
  {
    uid: f(named('types.UID'), 1, 'The UID that the object must have.', { pointer: true }),
    resourceVersion: f(string, 2, 'The version that the object must have.', { pointer: true }),
  },
);
export type Preconditions = Infer<typeof preconditions>;

export const deleteOptions = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'How an object is to be deleted.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    gracePeriodSeconds: f(int64, 1, 'Seconds that the object may take to end; 0 is at once.', { pointer: true }),
    preconditions: f(preconditions, 2, 'What must be true of the object for it to be deleted.'),
    orphanDependents: f(boolean, 3, 'Old form of propagationPolicy: true leaves dependents behind.', { pointer: true }),
    propagationPolicy: f(string, 4, 'What becomes of dependents: Orphan, Background or Foreground.', { pointer: true }),
    dryRun: f(list(string), 5, 'All means: check the request and change nothing.', { listType: 'atomic' }),
    ignoreStoreReadErrorWithClusterBreakingPotential: f(
      boolean,
      6,
      'Deletes an object that can no longer be read, without regard to what it held.',
      { pointer: true },
    ),
  },
);
