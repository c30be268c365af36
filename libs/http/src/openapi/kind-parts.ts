import type { Kind, OpenApiVersion } from '#model';
import type { ServedKind } from '../routes.js';
import { pathsOf } from './operations.js';
import { v2Path, v3Path } from './render.js';
import { kindSchemas } from './schemas.js';

/** What one kind in one version adds to a document: JSON texts by path, and by name of the schema. */
export interface Parts {
  readonly paths: ReadonlyMap<string, string>;
  readonly schemas: ReadonlyMap<string, string>;
}

/**
 * The parts of every kind, made when first asked for and kept for as long as the kind is the same: when one definition of
 * hundreds changes, only its kinds are rendered again.
 */
const made = new WeakMap<Kind, Map<string, Parts>>();

export function partsOf(on: ServedKind, form: OpenApiVersion): Parts {
  let ofKind = made.get(on.kind);
  if (!ofKind) made.set(on.kind, (ofKind = new Map()));
  const key = `${form} ${on.apiVersion}`;
  let parts = ofKind.get(key);
  if (!parts) ofKind.set(key, (parts = render(on, form)));
  return parts;
}

function render(on: ServedKind, form: OpenApiVersion): Parts {
  const root = on.group === '' ? `/api/${on.version}` : `/apis/${on.group}/${on.version}`;
  const pathOf = form === 'v2' ? v2Path : v3Path;
  const paths = new Map<string, string>();
  for (const item of pathsOf(on, root)) paths.set(item.path, JSON.stringify(pathOf(item)));
  const { name: ownName } = on.served?.schema ?? on.kind.schema;
  const schemas = new Map<string, string>();
  for (const [name, schema] of Object.entries(kindSchemas(on, form))) {
    const isOwn = on.kind.isCustom && (name === ownName || name === `${ownName}List`);
    schemas.set(name, isOwn ? JSON.stringify(schema) : shared(`${form} ${name}`, JSON.stringify(schema)));
  }
  return { paths, schemas };
}

/** Texts of types that this build defines: the metadata is part of every kind, and its text is kept once. */
const builtIn = new Map<string, string>();

function shared(key: string, text: string): string {
  const known = builtIn.get(key);
  if (known === undefined) builtIn.set(key, text);
  return known ?? text;
}
