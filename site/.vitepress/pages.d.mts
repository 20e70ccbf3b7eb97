export const docs: string;
export const sections: { title: string; pages: string[] }[];
export function titleOf(page: string): string;
export function llmsText(): string;
