/** What of the models is shown, and in which order: all of it is in the page's address. */
import { authorOf, type Model, perMillion, takesTools } from './model.ts';

export const SORTS = ['newest', 'name', 'price', 'context'] as const;
export type Sort = (typeof SORTS)[number];

/** The query of the address; what is absent does not narrow anything. */
export interface ModelsSearch {
  readonly q?: string;
  readonly author?: string;
  /** What it must take besides text, or give. */
  readonly input?: string;
  readonly output?: string;
  /** `1`: only those that take tools, or that cost nothing. */
  readonly tools?: string;
  readonly free?: string;
  /** The least context, in tokens. */
  readonly context?: string;
  readonly sort?: string;
  /** Ids, joined by a comma. */
  readonly compare?: string;
}

export const MOST_COMPARED = 4;

export function comparedIds({ compare = '' }: ModelsSearch): readonly string[] {
  return compare
    .split(',')
    .filter((id) => id !== '')
    .slice(0, MOST_COMPARED);
}

export function selected(models: readonly Model[], search: ModelsSearch): readonly Model[] {
  const words = (search.q ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const leastContext = Number(search.context ?? 0) || 0;
  const shown = models.filter((model) => {
    const { input_modalities: inputs, output_modalities: outputs } = model.architecture;
    const text = `${model.id} ${model.name}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (search.author === undefined || authorOf(model) === search.author) &&
      (search.input === undefined || inputs.includes(search.input)) &&
      (search.output === undefined || outputs.includes(search.output)) &&
      (search.tools === undefined || takesTools(model)) &&
      (search.free === undefined || promptPrice(model) + completionPrice(model) === 0) &&
      (model.context_length ?? 0) >= leastContext
    );
  });
  return shown.sort(ORDERS[sortOf(search)]);
}

export function sortOf({ sort }: ModelsSearch): Sort {
  return SORTS.find((known) => known === sort) ?? 'newest';
}

const promptPrice = ({ pricing }: Model): number => perMillion(pricing['prompt']) ?? 0;
const completionPrice = ({ pricing }: Model): number => perMillion(pricing['completion']) ?? 0;
const byName = (one: Model, other: Model): number => one.name.localeCompare(other.name);

const ORDERS: Readonly<Record<Sort, (one: Model, other: Model) => number>> = {
  newest: (one, other) => other.created - one.created || byName(one, other),
  name: byName,
  price: (one, other) =>
    promptPrice(one) + completionPrice(one) - promptPrice(other) - completionPrice(other) ||
    byName(one, other),
  context: (one, other) => (other.context_length ?? 0) - (one.context_length ?? 0) || byName(one, other),
};
