/** First line: who we are, where, in which mode, and how old the picture is. It does not tick. */
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface HeaderProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly version: string;
  readonly node: string;
  /** Loud and permanent: READ-ONLY, FROZEN, STALE since ... */
  readonly flags: readonly string[];
  /** Time of the newest data; null before there is any. */
  readonly asOf: string | null;
}

export function Header({ skin, rect, version, node, flags, asOf }: HeaderProps) {
  const left: Span[] = [
    { text: "muster", tone: "accent" },
    { text: ` ${version}  `, tone: "dim" },
    { text: plain(skin, node), tone: "strong" },
  ];
  const right: Span[] = flags.flatMap((flag): Span[] => [{ text: ` ${flag} `, tone: "flag" }, { text: " " }]);
  right.push({ text: asOf === null ? "no data yet" : `as of ${asOf}`, tone: "dim" });
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}
