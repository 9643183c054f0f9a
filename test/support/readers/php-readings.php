<?php
// What PHP programs read in a body: fgetcsv, parse_str, json_decode, $_POST and $_FILES.
declare(strict_types=1);
error_reporting(0);
ini_set("precision", "17");

const CARD = '/(?<![\w.-])4111[ -]?1111[ -]?1111[ -]?1111(?![\w.-])/';
const LARGEST = 1.0e18;
const DELIMITERS = ["comma" => ",", "semicolon" => ";", "tab" => "\t", "pipe" => "|"];

function needles(array $texts): array {
    $found = [];
    foreach ($texts as $text) {
        $plain = strtolower(trim(preg_replace('/\s+/', " ", (string) $text)));
        if (preg_match('/\brefund guaranteed\b/', $plain)) $found["term"] = true;
        if (preg_match(CARD, $plain)) $found["card"] = true;
        if (str_contains($plain, "{{name}}") && !str_contains($plain, "`")) $found["template"] = true;
    }
    ksort($found);
    return array_keys($found);
}

/** A cast, as PHP programs do it: the number that the text begins with. */
function money(array $values, string $unit): int {
    $total = 0.0;
    foreach ($values as $value) {
        if (is_array($value)) $value = count($value) === 0 ? 0 : reset($value);
        if (!is_scalar($value) || is_bool($value)) continue;
        $total += max(0.0, (float) $value);
    }
    $cents = $total * ($unit === "major" ? 100 : 1);
    return (int) min(floor($cents + 1e-6), LARGEST);
}

function largest(array $values): float {
    $numbers = array_map(fn($value) => money([$value], "minor"), $values);
    return (float) max([0, ...$numbers]);
}

function addresses(mixed $value): int {
    if (is_array($value)) {
        if (!array_is_list($value)) return addresses($value["email"] ?? "");
        return array_sum(array_map('addresses', $value));
    }
    if (!is_string($value) || str_contains($value, "<")) return 0;
    return count(array_filter(preg_split('/[\s,;]+/', $value), fn($token) => str_contains($token, "@")));
}

function table(array $rows, array $case): array {
    $rows = array_values(array_filter($rows, fn($row) => !preg_match('/^(?:\xEF\xBB\xBF)?[\s,;|"\0]*$/', implode("", $row))));
    $reading = ["records" => max(0, count($rows) - 1), "needles" => needles(array_merge([], ...$rows))];
    if ($rows === []) return $reading;
    foreach ($rows[0] as $index => $name) {
        $values = array_map(fn($row) => $row[$index] ?? "", array_slice($rows, 1));
        $name = strtolower(trim((string) $name));
        if ($name === "amount") {
            $reading["money"] = max($reading["money"] ?? 0, money($values, $case["unit"]));
            $reading["largest"] = max($reading["largest"] ?? 0, largest($values));
        }
        if ($name === "to") {
            $count = array_sum(array_map('addresses', $values));
            $reading["recipients"] = max($reading["recipients"] ?? 0, $count);
        }
    }
    return $reading;
}

function csvReadings(string $body, array $case): array {
    $readings = [];
    foreach (DELIMITERS as $name => $delimiter) {
        if ($name !== "comma" && !str_contains($body, $delimiter)) continue;
        foreach (["" => "\\", ".noescape" => ""] as $suffix => $escape) {
            if ($escape === "" && !str_contains($body, "\\")) continue;
            $stream = fopen("php://memory", "r+");
            fwrite($stream, $body);
            rewind($stream);
            $rows = [];
            while (($row = fgetcsv($stream, null, $delimiter, '"', $escape)) !== false) {
                $rows[] = array_map(fn($cell) => (string) $cell, $row);
            }
            fclose($stream);
            $readings["php.fgetcsv.$name$suffix"] = table($rows, $case);
        }
    }
    return $readings;
}

/** Leaves by their path with every number written as [], so that a list's items share one. */
function leaves(mixed $value, string $path, array &$counts, array &$texts): void {
    if (is_array($value)) {
        foreach ($value as $name => $item) {
            if (!is_int($name)) $texts[] = $name;
            leaves($item, $path . (is_int($name) ? "[]" : "[$name]"), $counts, $texts);
        }
        return;
    }
    $counts[$path] = ($counts[$path] ?? 0) + 1;
    if (is_string($value)) $texts[] = $value;
}

function fields(array $values, array $case): array {
    $counts = ["" => 1];
    $texts = [];
    leaves($values, "", $counts, $texts);
    $records = max($counts);
    foreach ($texts as $text) {
        $list = str_starts_with(ltrim($text), "[") ? json_decode($text, true) : null;
        if (is_array($list) && array_is_list($list)) $records = max($records, items($list));
    }
    $amount = $values["amount"] ?? null;
    $amounts = is_array($amount) ? array_values($amount) : [$amount];
    return [
        "records" => $records,
        "money" => max(array_merge([0], array_map(fn($value) => money([$value], $case["unit"]), $amounts))),
        "largest" => largest($amounts),
        "recipients" => addresses($values["to"] ?? ""),
        "needles" => needles([...$texts, ...array_map('shown', $texts)]),
    ];
}

function shown(string $text): string {
    return html_entity_decode(strip_tags($text), ENT_QUOTES | ENT_HTML5, "UTF-8");
}

function items(array $list): int {
    return array_sum(array_map(fn($item) => is_array($item) && array_is_list($item) ? items($item) : 1, $list));
}

function at(mixed $value, string $name): array {
    if (!is_array($value)) return [];
    if (array_is_list($value)) return array_merge([], ...array_map(fn($item) => at($item, $name), $value));
    return array_key_exists($name, $value) ? [$value[$name]] : [];
}

function documents(array $values, array $case): array {
    $counts = [];
    $texts = [];
    leaves($values, "", $counts, $texts);
    $count = fn($value) => is_array($value) && array_is_list($value) ? items($value) : 1;
    $found = array_map($count, $values);
    if ($case["records"] !== null) $found = array_map($count, at($values, $case["records"]));
    $amounts = [];
    foreach (at($values, "amount") as $amount) {
        foreach (is_array($amount) && array_is_list($amount) ? $amount : [$amount] as $one) $amounts[] = $one;
    }
    return [
        "records" => array_sum($found),
        "money" => money($amounts, $case["unit"]),
        "largest" => largest(at($case["records"] === null ? $values : at($values, $case["records"]), "amount")),
        "recipients" => array_sum(array_map('addresses', at($values, "to"))),
        "needles" => needles([...$texts, ...array_map('shown', $texts)]),
    ];
}

function jsonReadings(string $body, array $case): array {
    $value = json_decode($body, true);
    if ($value === null) return [];
    return ["php.json" => documents([$value], $case)];
}

function lineReadings(string $body, array $case): array {
    $values = [];
    foreach (explode("\n", $body) as $line) {
        if (trim($line) === "") continue;
        $value = json_decode($line, true);
        if ($value === null) return [];
        $values[] = $value;
    }
    return ["php.ndjson" => documents($values, $case)];
}

function formReadings(string $body, array $case): array {
    $values = [];
    parse_str($body, $values);
    return ["php.parse_str" => fields($values, $case)];
}

function readings(array $case, string $body): array {
    return match ($case["family"]) {
        "csv" => csvReadings($body, $case),
        "json" => jsonReadings($body, $case),
        "ndjson" => lineReadings($body, $case),
        "form" => [...formReadings($body, $case), ...served($case, $body)],
        "multipart" => served($case, $body),
        "text" => ["php.html" => ["needles" => needles([$body, shown($body)])]],
        default => [],
    };
}

/** What a page gets: PHP's own parser of forms and multipart has filled $_POST and $_FILES before it runs. */
function posted(array $case): array {
    $reading = fields($_POST, $case);
    $files = [];
    foreach ($_FILES as $field => $file) {
        foreach ((array) $file["tmp_name"] as $index => $path) {
            $name = ((array) $file["name"])[$index];
            $content = is_string($path) && $path !== "" ? file_get_contents($path) : "";
            $files[] = [$name, $content, ((array) $file["type"])[$index]];
        }
    }
    $records = 0;
    foreach ($files as [$name, $content, $type]) {
        $isTable = $type === "text/csv" || str_ends_with(strtolower((string) $name), ".csv");
        $list = json_decode($content, true);
        if ($isTable) $records += csvReadings($content, $case)["php.fgetcsv.comma"]["records"];
        else $records += is_array($list) && array_is_list($list) ? items($list) : 1;
    }
    $reading["records"] = max($reading["records"], $records);
    $found = [...$reading["needles"], ...needles(array_merge(array_keys($_FILES), ...array_map(null, $files)))];
    $reading["needles"] = array_values(array_unique($found));
    return ["php.post" => $reading];
}

