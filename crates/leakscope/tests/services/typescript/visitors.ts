// Everybody who was here.

export class Visitor {
  constructor(
    readonly number: number,
    readonly path: string,
    readonly seenAt: number,
  ) {}
}

const visitors: Map<number, Visitor> = new Map();
let visits: number = 0;

export function remember(path: string, seenAt: number): Visitor {
  visits += 1;
  const visitor = new Visitor(visits, path, seenAt);
  visitors.set(visits, visitor);
  return visitor;
}

export const forgetAll = (): void => {
  visitors.clear();
};
