/** Asked at `node.<node>.metrics`: a document that a kubelet serves over HTTP. */
export interface NodeDocumentQuestion {
  /** Without a query: `/metrics`, `/metrics/resource`, `/metrics/cadvisor`, `/stats/summary`, `/healthz`. */
  readonly path: string;
}
/** The document, or what is said instead of it: 404 for a path that there is not. */
export interface NodeDocument {
  readonly code: number;
  /** The content type. */
  readonly type: string;
  readonly text: string;
}
