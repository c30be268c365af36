import { recordsSealed, standardKind, VALUES_SHREDDED, type KubeObject } from '#model';
import { putValue } from '#std';
import { secretColumns } from './columns.js';
import { secret, type Secret } from './schema.js';
import { decideShred } from './shred.js';
import { shredding } from './shredding.schema.js';
import { secretWarnings, validateSecret, validateSecretUpdate } from './validate.js';

const SEALED = [['data'], ['stringData'], ['metadata', 'annotations']] as const;

/** What must not be read by everyone; stored sealed. `stringData` is for writing only: it goes into `data`. */
export const secretKind = standardKind<Secret>({
  names: { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
  schema: secret,
  columns: secretColumns,
  sealed: SEALED,
  upcasters: [recordsSealed(SEALED)],
  subresources: [{ name: 'shred', kind: 'Shredding', verbs: ['create'], schema: shredding, isOwn: true, shreds: true }],
  events: [VALUES_SHREDDED],
  fieldSelectors: [{ field: 'type', value: (object: KubeObject) => String(object['type'] ?? '') }],
  fieldSelectorError: 'label',
  strategy: {
    revalidatesMetadata: true,
    applyDefaults: withStringData,
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    warnings: secretWarnings,
    subresources: { shred: decideShred },
  },
});

function withStringData(object: Secret): Secret {
  const { stringData, ...rest } = object;
  if (stringData === undefined) return object;
  const data: Record<string, string> = { ...object.data };
  for (const [key, value] of Object.entries(stringData)) putValue(data, key, base64(value));
  return { ...rest, data } as Secret;
}
function base64(text: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
