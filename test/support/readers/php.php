<?php
// Readers of bodies in PHP. The protocol is described in python.py.
declare(strict_types=1);
require __DIR__ . "/php-readings.php";

/** PHP's own server, for the parser behind $_POST; it ends with this process. */
final class Server {
    private readonly int $port;
    /** @var resource */
    private $process;

    public function __construct() {
        $free = stream_socket_server("tcp://127.0.0.1:0");
        $this->port = (int) substr((string) strrchr(stream_socket_get_name($free, false), ":"), 1);
        fclose($free);
        $command = [PHP_BINARY, "-n", "-d", "display_errors=0", "-S", "127.0.0.1:$this->port", __DIR__ . "/php-post.php"];
        $null = ["file", "/dev/null", "w"];
        $this->process = proc_open($command, [["file", "/dev/null", "r"], $null, $null], $pipes);
        for ($attempt = 0; $attempt < 200; $attempt++) {
            $socket = @fsockopen("127.0.0.1", $this->port);
            if ($socket !== false) {
                fclose($socket);
                return;
            }
            usleep(25_000);
        }
    }

    public function stop(): void {
        proc_terminate($this->process);
    }

    public function post(array $case, string $body): array {
        // A type with line breaks would be another header.
        $type = preg_replace('/[\r\n]/', " ", (string) $case["type"]);
        if ($type === "") return [];
        $socket = fsockopen("127.0.0.1", $this->port);
        $length = strlen($body);
        $head = "POST / HTTP/1.0\r\nContent-Type: $type\r\nContent-Length: $length\r\nX-Unit: {$case["unit"]}\r\n\r\n";
        fwrite($socket, $head . $body);
        $answer = stream_get_contents($socket);
        fclose($socket);
        return json_decode(substr($answer, (int) strpos($answer, "\r\n\r\n")), true) ?? [];
    }
}

$server = new Server();

function served(array $case, string $body): array {
    global $server;
    return $server->post($case, $body);
}

fwrite(STDOUT, json_encode(["missing" => []]) . "\n");
while (($line = fgets(STDIN)) !== false) {
    $case = json_decode($line, true);
    $body = "";
    while (strlen($body) < $case["size"]) $body .= fread(STDIN, $case["size"] - strlen($body));
    $readings = (object) readings($case, $body);
    fwrite(STDOUT, json_encode(["id" => $case["id"], "readings" => $readings]) . "\n");
}
$server->stop();
