import { boolean, byte, f, map, object, string, objectMeta } from '#model';
import type { Stored } from '#model';

export const configMap = object(
  'io.k8s.api.core.v1.ConfigMap',
  'Values for programs to read.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    immutable: f(boolean, 4, 'Whether the values can never change again.', { pointer: true }),
    data: f(map(string), 2, 'Values that are text.'),
    binaryData: f(map(byte), 3, 'Values that are no text, in base64.'),
  },
  { gvk: ['v1 ConfigMap'] },
);
export type ConfigMap = Stored<typeof configMap>;
