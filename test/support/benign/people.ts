import type { MadeUp } from "./random.ts";

export interface Person {
  readonly first: string;
  readonly last: string;
  readonly email: string;
  readonly company: string;
  readonly city: string;
  readonly phone: string;
  readonly note: string;
}

export type Region = "english" | "german" | "french" | "japanese" | "chinese" | "korean" | "polish";

interface Names {
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly companies: readonly string[];
  readonly cities: readonly string[];
  readonly notes: readonly string[];
}

const NAMES: Readonly<Record<Region, Names>> = {
  english: {
    first: ["Olivia", "Noah", "Amelia", "Liam", "Grace", "Ethan", "Mary-Ann", "Sean"],
    last: ["Carter", "O'Neill", "Nguyen", "Patel", "Smith, Jr.", "van der Berg", "Garcia-Lopez", "Brooks"],
    companies: [
      "Acme, Inc.",
      "Blue Harbor LLC",
      'The "Corner" Bakery',
      "Smith & Sons",
      "Initech",
      "Globex Corp.",
    ],
    cities: ["Austin, TX", "Portland", "New York", "Denver", "San José"],
    notes: [
      "",
      "",
      "Met at the trade fair; wants a demo.",
      "Asked for pricing, then went quiet.",
      'Said "call me in May"',
      "Line one\nLine two",
      "50% of seats used",
      "Renewal on 3/15 - see ticket #4411",
      "🚀 Hot lead",
    ],
  },
  german: {
    first: ["Jürgen", "Anna", "Jörg", "Käthe", "Sören", "Björn", "Ulrike", "Zoë"],
    last: ["Müller", "Groß", "Schäfer", "Weiß", "von Bülow", "Krüger", "Böhm", "Öztürk"],
    companies: [
      "Müller & Söhne GmbH",
      "Bäckerei Groß",
      "Nord-Süd Logistik AG",
      'Gasthof "Zur Linde"',
      "Städtische Werke",
    ],
    cities: ["Köln", "München", "Düsseldorf", "Gießen", "Lübeck"],
    notes: [
      "",
      "",
      "Rückruf am Montag; vormittags",
      "Rabatt 5 % vereinbart",
      "Zeile eins\nZeile zwei",
      "Größe: 3,5 m²",
      "siehe § 4",
    ],
  },
  french: {
    first: ["Zoé", "Élodie", "François", "Benoît", "Anaïs"],
    last: ["Lefèvre", "d'Aubigné", "Noël", "Bérard"],
    companies: ["Crème & Cie", "Électricité du Nord", "L'Atelier"],
    cities: ["Orléans", "Besançon", "Saint-Étienne"],
    notes: ["", "À rappeler l'après-midi", "Déjà client ; voir le dossier", "Coût : 12,50 €"],
  },
  japanese: {
    first: ["太郎", "花子", "健太", "美咲"],
    last: ["佐藤", "鈴木", "高橋", "田中"],
    companies: ["株式会社青空", "東京商事", "みどり食品"],
    cities: ["東京都", "大阪市", "札幌市"],
    notes: ["", "来週に電話", "見積もり、送付済み", "一行目\n二行目"],
  },
  chinese: {
    first: ["伟", "芳", "娜", "敏"],
    last: ["王", "李", "张", "刘"],
    companies: ["上海贸易有限公司", "蓝天科技", "北京食品"],
    cities: ["上海", "北京", "深圳"],
    notes: ["", "下周联系，发送报价", "重要客户！"],
  },
  korean: {
    first: ["민준", "서연", "지우"],
    last: ["김", "이", "박"],
    companies: ["한빛무역", "서울식품"],
    cities: ["서울", "부산"],
    notes: ["", "다음 주에 전화"],
  },
  polish: {
    first: ["Łukasz", "Żaneta", "Michał"],
    last: ["Wójcik", "Kowalczyk", "Żak"],
    companies: ["Świat Książek", "Zakład Łódź"],
    cities: ["Łódź", "Gdańsk"],
    notes: ["", "Zadzwonić w środę"],
  },
};

/** Addresses and numbers nobody has: example domains, and blocks that are reserved for fiction. */
export function person(made: MadeUp, region: Region): Person {
  const { first, last, companies, cities, notes } = NAMES[region];
  const number = made.number(10, 999);
  return {
    first: made.pick(first),
    last: made.pick(last),
    email: `${made.pick(["lead", "info", "kontakt", "sales", "hello"])}.${number}@${made.pick(["example.com", "example.org", "mail.example.net"])}`,
    company: made.pick(companies),
    city: made.pick(cities),
    phone: `+1555${made.number(200, 999)}01${made.digits(2)}`,
    note: made.pick(notes),
  };
}

export const REGIONS = Object.keys(NAMES) as readonly Region[];
