<?php
// The page that php.php posts bodies to, under PHP's own server: only a server fills $_POST and $_FILES.
declare(strict_types=1);
require __DIR__ . "/php-readings.php";

echo json_encode(posted(["unit" => $_SERVER["HTTP_X_UNIT"], "records" => null]));
