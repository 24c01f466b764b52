# SPDX-License-Identifier: MIT
# What perl does in the bench: texts, hashes of lists, patterns, sorting, objects that come and go. Argument: pages.
use strict;
use warnings;

my ($state, %by_start, %count) = (12345);

sub word
{
	my $text = '';
	for (1 .. 3 + $state % 6) {
		$state = ($state * 1103515245 + 12345) % 2147483648;
		$text .= chr(97 + ($state >> 16) % 26);
	}
	return $text;
}

sub page { return bless { title => word(), words => [map { word() } 1 .. 12] }, 'Page' }

my @kept;
for my $i (1 .. $ARGV[0]) {
	my $page = page();
	push @{ $by_start{ substr($_, 0, 2) } }, $_ for @{ $page->{words} };
	$count{$1}++ if join(' ', @{ $page->{words} }) =~ /\b(\w*ab\w*)\b/;
	push @kept, $page if $i % 5 == 0;
}
my @sorted = sort { length($a) <=> length($b) or $a cmp $b } map { @$_ } values %by_start;
print scalar(@sorted), ' ', scalar(keys %count), ' ', scalar(@kept), "\n";
