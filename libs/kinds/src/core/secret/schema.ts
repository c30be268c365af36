import { boolean, byte, f, map, named, object, string, objectMeta } from '#model';
import type { Stored } from '#model';

export const secret = object(
  'io.k8s.api.core.v1.Secret',
  'Values that only few may read.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    immutable: f(boolean, 5, 'Whether the values can never change again.', { pointer: true }),
    data: f(map(byte), 2, 'The values, in base64.'),
    stringData: f(map(string), 4, 'Values as plain text; only for writing, they are put into data.'),
    type: f(
      named('v1.SecretType'),
      3,
      'What the values are, such as kubernetes.io/tls; it decides which keys are needed.',
      {
        fill: 'Opaque',
      },
    ),
  },
  { gvk: ['v1 Secret'] },
);
export type Secret = Stored<typeof secret>;
