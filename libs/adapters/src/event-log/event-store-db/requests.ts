import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';

/** How many events the server looks at before it says how far a filtered read has come. */
const SEARCH_WINDOW = 500;
/** A subscription's checkpoint comes after so many windows. */
const WINDOWS_PER_CHECKPOINT = 1;

export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** The two messages of an append: where to, and the event. An `expectedRevision` of -1 means a stream without events. */
export function appendRequest(stream: string, event: WireEvent, expectedRevision: number): AppendReq[] {
  const options = new streamsPb.AppendReq.Options().setStreamIdentifier(streamIdentifier(stream));
  if (expectedRevision < 0) options.setNoStream(new sharedPb.Empty());
  else options.setRevision(String(expectedRevision));
  const message = new streamsPb.AppendReq.ProposedMessage()
    .setId(new sharedPb.UUID().setString(event.id))
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  return [new streamsPb.AppendReq().setOptions(options), new streamsPb.AppendReq().setProposedMessage(message)];
}

/** Events of a stream from a revision on. */
export function streamRequest(stream: string, fromRevision: number, countMax: number): ReadReq {
  const from = new streamsPb.ReadReq.Options.StreamOptions()
    .setStreamIdentifier(streamIdentifier(stream))
    .setRevision(String(fromRevision));
  return request(unfiltered().setStream(from).setCount(String(countMax)));
}

export interface AllRequest {
  /** 0 begins at the start; backwards it means the end. A read gives the event at its position once more. */
  readonly position: number;
  readonly isBackwards?: boolean;
  /** Only streams whose names begin so. */
  readonly prefix?: string;
  readonly countMax: number;
}
export function allRequest({ position, isBackwards = false, prefix, countMax }: AllRequest): ReadReq {
  const options = prefix === undefined ? unfiltered() : filtered(prefix);
  const { FORWARDS, BACKWARDS } = streamsPb.ReadReq.Options.ReadDirection;
  options.setAll(allFrom(position, isBackwards)).setCount(String(countMax));
  return request(options.setReadDirection(isBackwards ? BACKWARDS : FORWARDS));
}

/** Follows what is written above a position to streams whose names begin so. */
export function subscriptionRequest(afterPosition: number, prefix: string): ReadReq {
  const options = filtered(prefix).setAll(allFrom(afterPosition, false));
  return request(options.setSubscription(new streamsPb.ReadReq.Options.SubscriptionOptions()));
}

function request(options: ReadReq.Options): ReadReq {
  const uuids = new streamsPb.ReadReq.Options.UUIDOption().setString(new sharedPb.Empty());
  return new streamsPb.ReadReq().setOptions(options.setUuidOption(uuids).setResolveLinks(false));
}

function allFrom(position: number, isBackwards: boolean): ReadReq.Options.AllOptions {
  const all = new streamsPb.ReadReq.Options.AllOptions();
  if (position === 0) return isBackwards ? all.setEnd(new sharedPb.Empty()) : all.setStart(new sharedPb.Empty());
  const text = String(position);
  return all.setPosition(new streamsPb.ReadReq.Options.Position().setCommitPosition(text).setPreparePosition(text));
}

function unfiltered(): ReadReq.Options {
  return new streamsPb.ReadReq.Options().setNoFilter(new sharedPb.Empty());
}

function filtered(prefix: string): ReadReq.Options {
  const expression = new streamsPb.ReadReq.Options.FilterOptions.Expression().setPrefixList([prefix]);
  const filter = new streamsPb.ReadReq.Options.FilterOptions().setStreamIdentifier(expression);
  filter.setMax(SEARCH_WINDOW).setCheckpointintervalmultiplier(WINDOWS_PER_CHECKPOINT);
  return new streamsPb.ReadReq.Options().setFilter(filter);
}

function streamIdentifier(stream: string): InstanceType<typeof sharedPb.StreamIdentifier> {
  return new sharedPb.StreamIdentifier().setStreamName(Buffer.from(stream));
}
