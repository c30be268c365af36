import type { Instant } from '#std';
import type { VersionConversion } from './conversion.js';
import type { KubeObject } from './kube-object.js';
import type { ObjectType } from './schema/index.js';

export interface KindNames {
  /** '' for core. */
  readonly group: string;
  /** The version that is stored. */
  readonly version: string;
  /** The version that Kubernetes stores, where it is another one: discovery publishes its hash. */
  readonly storageVersion?: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
}
/** What a kind is to the system, whatever its name. */
export type KindRole = 'namespace';
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of the Table form. `cell` may use the object and the moment it is looked at. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  /** 0 is shown always, 1 with `-o wide`. */
  readonly priority: number;
  readonly description: string;
  /** Rows have the cell, but the table does not declare the column: so does Kubernetes in one table. */
  readonly isUndeclared?: true;
  cell(object: KubeObject, now: Instant): string | number | boolean | null;
}

export interface FieldSelector {
  /** `spec.nodeName` */
  readonly field: string;
  value(object: KubeObject): string;
}

/** Another version of the same stored kind (events.k8s.io/v1 beside core/v1). */
export interface ServedVersion {
  readonly group: string;
  readonly version: string;
  readonly schema: ObjectType<unknown>;
  /** From the stored form to this version's, and back. Identity where absent. */
  toServed?(object: KubeObject): KubeObject;
  toStored?(object: KubeObject): KubeObject;
  /**
   * Of a version that a server outside converts objects to. Where this is there, `toServed`, `fieldSelectors` and `columns` take objects that it
   * does not need to convert or has converted, and `toStored` and `asWritten` work in decisions of the kind alone.
   */
  readonly conversion?: VersionConversion;
  /** What `toStored` made of an object of this version, as that object; `toServed` where absent. */
  asWritten?(stored: KubeObject): KubeObject;
  /** Names of the kind's subresources that this version has; all of them where absent. */
  readonly subresources?: readonly string[];
  /** What this version can be selected by, where that differs; `value` reads the stored form. */
  readonly fieldSelectors?: readonly FieldSelector[];
  /** This version's table, where it differs; cells read the stored form. */
  readonly columns?: readonly Column[];
  /** Told with every answer about this version. */
  readonly deprecation?: string;
}
