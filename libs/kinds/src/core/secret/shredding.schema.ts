import { boolean, f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';

export const shredding = object('io.shiplog.Shredding', 'Asks for values of the past to be forgotten.', {
  kind: f(string, 0, 'Which kind of object this is.'),
  apiVersion: f(string, 0, "Group and version of this object's schema."),
  metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
  versions: f(
    boolean,
    2,
    'Forget the values that the object had before its present ones, not those of deleted objects.',
  ),
});
export type Shredding = Stored<typeof shredding>;
