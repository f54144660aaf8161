/**
 * Blocks of a streamed answer, one after the other: this dialect has one open at a time. What belongs to another one meanwhile, as of
 * calls that a provider writes in turn, waits until that one's turn has come.
 */
import type { BlockHead } from '../../chat/event.ts';
import type { JsonObject } from '../../json.ts';
import { frame } from './frames.ts';
import { extraBlock, redactedBlock, signatureOf } from './thoughts.ts';

interface Block {
  readonly part: BlockHead;
  /** What was said of it before its turn. */
  waiting: string;
  hasEnded: boolean;
  signature: string | undefined;
  /** What was thought and is not to be read. */
  hidden: string;
  /** Its first frame is written. */
  hasStarted: boolean;
}

const EMPTY_THOUGHT = { type: 'thinking', thinking: '', signature: '' };

export class TypedBlocks {
  readonly #hidesThoughts: boolean;
  /** By the adapter's number, those that have not been written to their end. */
  readonly #blocks = new Map<number, Block>();
  /** Numbers of the same, in the order in which they began; the first one's turn it is. */
  #turns: number[] = [];
  readonly #texts = new Set<number>();
  /** Of the next block in the stream. */
  #index = 0;
  #hasText = false;
  /** A signature that came behind text, with no thought to it; see `#ended`. */
  #held: string | null = null;
  hasCalls = false;
  hasRefusal = false;

  constructor(hidesThoughts: boolean) {
    this.#hidesThoughts = hidesThoughts;
  }

  start(number: number, part: BlockHead): string {
    this.hasCalls ||= part.type === 'tool-call';
    this.hasRefusal ||= part.type === 'refusal';
    if (isText(part)) this.#texts.add(number);
    this.#add(number, part);
    return this.#go();
  }

  delta(number: number, text: string): string {
    if (text === '') return '';
    // A text that had to end for another block goes on in a new one.
    const block =
      this.#blocks.get(number) ?? (this.#texts.has(number) ? this.#add(number, { type: 'text' }) : null);
    if (block === null) return '';
    block.waiting += text;
    return this.#go();
  }

  end(number: number, signature?: string): string {
    const block = this.#blocks.get(number);
    if (block === undefined) return '';
    block.hasEnded = true;
    block.signature = signature;
    return this.#go();
  }

  endAll(): string {
    for (const block of this.#blocks.values()) block.hasEnded = true;
    return this.#go();
  }

  #add(number: number, part: BlockHead): Block {
    const block = { part, waiting: '', hasEnded: false, signature: undefined, hidden: '', hasStarted: false };
    this.#blocks.set(number, block);
    this.#turns.push(number);
    return block;
  }

  /** Writes what can be written of the block whose turn it is, and of the next ones when it has ended. */
  #go(): string {
    let frames = '';
    for (;;) {
      const number = this.#turns[0];
      const block = number === undefined ? undefined : this.#blocks.get(number);
      if (number === undefined || block === undefined) return frames;
      frames += this.#written(block);
      // A text can go on in another block, should more of it come; nothing else can.
      if (!block.hasEnded && !(isText(block.part) && this.#turns.length > 1)) return frames;
      frames += this.#ended(block);
      this.#turns.shift();
      this.#blocks.delete(number);
    }
  }

  #written(block: Block): string {
    const { part, waiting } = block;
    block.waiting = '';
    switch (part.type) {
      case 'text':
      case 'refusal':
        // Never an empty one: it would be refused when the client sends it back.
        if (waiting === '') return '';
        return (
          this.#started(block, { type: 'text', text: '' }) + this.#said({ type: 'text_delta', text: waiting })
        );
      case 'reasoning':
        if (part.redacted !== undefined)
          return this.#started(block, redactedBlock(vendorsOf(part), part.redacted));
        if (waiting === '') return '';
        if (this.#hidesThoughts) {
          block.hidden += waiting;
          return this.#started(block, EMPTY_THOUGHT);
        }
        return (
          this.#started(block, EMPTY_THOUGHT) + this.#said({ type: 'thinking_delta', thinking: waiting })
        );
      case 'tool-call': {
        const { id, name, extra } = part;
        const before = block.hasStarted || extra === undefined ? '' : this.#alone(extraBlock(id, extra));
        const started = before + this.#started(block, { type: 'tool_use', id, name, input: {} });
        return waiting === ''
          ? started
          : started + this.#said({ type: 'input_json_delta', partial_json: waiting });
      }
      case 'opaque':
        return part.dialect === 'anthropic-messages' ? this.#started(block, part.value) : '';
    }
  }

  #ended(block: Block): string {
    const { part, signature } = block;
    let frames = '';
    if (
      part.type === 'reasoning' &&
      part.redacted === undefined &&
      (block.hasStarted || signature !== undefined)
    ) {
      const told = signatureOf(vendorsOf(part), signature, block.hidden);
      // Gemini 3 ends its text with one. As the last block it would be all that Claude Code prints of the answer: it waits for another.
      if (!block.hasStarted && this.#hasText) {
        this.#held = told;
        return frames;
      }
      frames += this.#started(block, EMPTY_THOUGHT);
      frames += this.#said({ type: 'signature_delta', signature: told });
    }
    if (!block.hasStarted) return frames;
    frames += frame({ type: 'content_block_stop', index: this.#index });
    this.#index += 1;
    return frames;
  }

  #started(block: Block, contentBlock: JsonObject): string {
    if (block.hasStarted) return '';
    block.hasStarted = true;
    this.#hasText ||= isText(block.part);
    return (
      this.#heldThought() +
      frame({ type: 'content_block_start', index: this.#index, content_block: contentBlock })
    );
  }

  #said(delta: JsonObject): string {
    return frame({ type: 'content_block_delta', index: this.#index, delta });
  }

  #heldThought(): string {
    const signature = this.#held;
    if (signature === null) return '';
    this.#held = null;
    const started = frame({
      ...{ type: 'content_block_start', index: this.#index },
      content_block: EMPTY_THOUGHT,
    });
    const ended = frame({ type: 'content_block_stop', index: this.#index });
    const frames = started + this.#said({ type: 'signature_delta', signature }) + ended;
    this.#index += 1;
    return frames;
  }

  /** A block that is told whole. */
  #alone(contentBlock: JsonObject): string {
    const before = this.#heldThought();
    const index = this.#index;
    this.#index += 1;
    return (
      before +
      frame({ type: 'content_block_start', index, content_block: contentBlock }) +
      frame({ type: 'content_block_stop', index })
    );
  }
}

function isText(part: BlockHead): boolean {
  return part.type === 'text' || part.type === 'refusal';
}

function vendorsOf({ format, id }: BlockHead & { type: 'reasoning' }) {
  return { ...(format === undefined ? {} : { format }), ...(id === undefined ? {} : { id }) };
}
